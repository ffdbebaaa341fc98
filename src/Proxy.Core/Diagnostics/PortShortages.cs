using System.Net;

namespace Proxy.Diagnostics;

/// <summary>
/// Towards which addresses this host had no local port left, which no health state of a destination shows: other hosts may reach it. Thread-safe.
/// </summary>
public sealed class PortShortages
{
    private const int MostAddresses = 64; // the one whose last failure is oldest gives way

    private readonly TimeProvider _time;
    private readonly Lock _gate = new(); // guards _all
    private long _total;
    private readonly Dictionary<IPEndPoint, PortShortage> _all = [];

    internal PortShortages(TimeProvider time) => _time = time;

    /// <summary>Those of this process.</summary>
    public static PortShortages OfProcess { get; } = new(TimeProvider.System);

    /// <summary>The time after which a failure has nothing to do with the one before.</summary>
    public static TimeSpan Lately { get; } = TimeSpan.FromMinutes(5);

    /// <summary>How many dials failed.</summary>
    public long Total => Interlocked.Read(ref _total);

    /// <summary>All of them, the latest first.</summary>
    public IReadOnlyList<PortShortage> All
    {
        get
        {
            lock (_gate)
            {
                return [.. _all.Values.OrderByDescending(static one => one.Last)];
            }
        }
    }

    /// <summary>Those whose last dial failed within a time before now, the latest first.</summary>
    public IReadOnlyList<PortShortage> Within(TimeSpan time)
    {
        var since = _time.GetUtcNow() - time;
        return [.. All.TakeWhile(one => one.Last >= since)];
    }

    /// <summary>Notes a dial that failed.</summary>
    internal void Note(IPEndPoint address)
    {
        Interlocked.Increment(ref _total);
        var now = _time.GetUtcNow();
        lock (_gate)
        {
            if (_all.Count >= MostAddresses && !_all.ContainsKey(address))
            {
                _all.Remove(_all.MinBy(static one => one.Value.Last).Key);
            }

            var former = _all.GetValueOrDefault(address);
            var since = former is not null && now - former.Last <= Lately ? former.Since : now;
            _all[address] = new(address.ToString(), (former?.Count ?? 0) + 1, since, now);
        }
    }
}

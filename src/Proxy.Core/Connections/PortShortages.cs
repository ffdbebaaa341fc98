using System.Net;

namespace Proxy.Connections;

/// <summary>
/// Towards which addresses this host had no local port left, which no health state of a destination shows: other hosts may reach it. Thread-safe.
/// </summary>
public sealed class PortShortages
{
    private const int MostAddresses = 64; // the one whose last failure is oldest gives way

    private readonly TimeProvider _time;
    private readonly Lock _gate = new(); // guards _all
    private readonly Dictionary<IPEndPoint, PortShortage> _all = [];

    internal PortShortages(TimeProvider time) => _time = time;

    /// <summary>Those of this process.</summary>
    public static PortShortages OfProcess { get; } = new(TimeProvider.System);

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
        lock (_gate)
        {
            if (_all.Count >= MostAddresses && !_all.ContainsKey(address))
            {
                _all.Remove(_all.MinBy(static one => one.Value.Last).Key);
            }

            var count = _all.TryGetValue(address, out var former) ? former.Count : 0;
            _all[address] = new(address.ToString(), count + 1, _time.GetUtcNow());
        }
    }
}

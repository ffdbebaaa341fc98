using System.Diagnostics.Metrics;

namespace Proxy.Diagnostics;

/// <summary>
/// The meter <c>Proxy</c>, of which all instruments of this library are. It counts the ids that are used as labels, so that whatever collects can
/// plan its room: collectors of cumulative values keep every combination of labels that they have ever seen.
/// </summary>
public sealed class ProxyMeter : IDisposable
{
    /// <summary>The name of the meter.</summary>
    public const string Name = "Proxy";

    /// <summary>How many ids that are gone are still reported, and how many more a collector may keep before it should be replaced.</summary>
    public const int MaxGone = 1000;

    private readonly Lock _gate = new(); // guards _configured and the writes of both counts
    private HashSet<string> _configured = new(StringComparer.OrdinalIgnoreCase);
    private int _ids;
    private long _gone;

    /// <summary>Creates the meter.</summary>
    /// <param name="factory">The host's meter factory, which is its scope.</param>
    public ProxyMeter(IMeterFactory factory) => Instruments = new Meter(new MeterOptions(Name) { Scope = factory });

    /// <summary>
    /// Raised after other ids were configured or some have gone, on the thread where that happened: a handler has to return at once, and must not throw.
    /// </summary>
    public event EventHandler? Configured;

    /// <summary>What instruments are created from.</summary>
    internal Meter Instruments { get; }

    /// <summary>How many ids are configured now.</summary>
    internal int Ids => Volatile.Read(ref _ids);

    /// <summary>How many ids that were labels have gone since the start.</summary>
    internal long GoneIds => Interlocked.Read(ref _gone);

    /// <summary>Plans the room of a collector that starts now.</summary>
    public SeriesPlan Plan() => new(this);

    /// <inheritdoc />
    public void Dispose() => Instruments.Dispose();

    /// <summary>Says which ids are configured now.</summary>
    internal void Configure(IEnumerable<string> ids)
    {
        lock (_gate)
        {
            var now = ids.ToHashSet(StringComparer.OrdinalIgnoreCase);
            Interlocked.Add(ref _gone, _configured.Count(id => !now.Contains(id)));
            _configured = now;
            Volatile.Write(ref _ids, now.Count);
        }

        Configured?.Invoke(this, EventArgs.Empty);
    }

    /// <summary>Says that ids which were not configured, but labels all the same, are gone.</summary>
    internal void Gone(int ids)
    {
        Interlocked.Add(ref _gone, ids);
        Configured?.Invoke(this, EventArgs.Empty);
    }
}

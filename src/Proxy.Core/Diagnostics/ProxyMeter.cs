using System.Diagnostics.Metrics;

namespace Proxy.Diagnostics;

/// <summary>
/// The meter <c>Proxy</c>, of which all instruments of this library are. Collectors of cumulative values keep every combination of labels they
/// have ever seen, so when many of the configured ids have gone, the meter is made anew: what is added up
/// begins again, as after a restart, and what is observed goes on.
/// </summary>
public sealed class ProxyMeter : IDisposable
{
    /// <summary>The meter's name.</summary>
    public const string Name = "Proxy";

    /// <summary>How many ids that are gone a collector may keep before the meter is renewed.</summary>
    public const int MaxGone = 1000;

    private const int MostSeries = 200_000;

    private readonly IMeterFactory _factory;
    private readonly Lock _gate = new(); // guards all below
    private readonly List<Action<Meter>> _instruments = [];
    private HashSet<string> _configured = new(StringComparer.OrdinalIgnoreCase);
    private Meter _meter;
    private int _ids; // how many are configured
    private int _planned; // the ids that the limits of the running meter are for
    private int _gone;
    private int _generation;
    private bool _disposed;

    /// <summary>Makes the first.</summary>
    /// <param name="factory">The host's meter factory, which is its scope.</param>
    public ProxyMeter(IMeterFactory factory)
    {
        _factory = factory;
        _meter = Make();
    }

    /// <summary>Whether so many ids have gone that it should be renewed.</summary>
    public bool IsDue
    {
        get
        {
            lock (_gate)
            {
                return _gone > MaxGone;
            }
        }
    }

    /// <summary>How often it was renewed.</summary>
    public int Generation => Volatile.Read(ref _generation);

    /// <summary>How many combinations of labels an instrument needs for what is configured now, and for ids that are gone.</summary>
    /// <param name="instrument">The instrument's name.</param>
    /// <returns>2,000 to 200,000.</returns>
    public int SeriesLimit(string instrument)
    {
        // Some outcomes per route, and faults; two directions; connected and failed.
        var each = instrument switch
        {
            "proxy.connections" => 5,
            "proxy.io" or "proxy.channel.io" or "proxy.dial.duration" or "proxy.channel.tunnels" => 2,
            _ => 1,
        };
        // Without the gate: a collector asks while it holds what a renewal waits for.
        return Limit(each, Volatile.Read(ref _ids));
    }

    /// <summary>Renews the meter if that is due; best right after a collection, which has taken the last values.</summary>
    /// <returns>Whether it was.</returns>
    public bool RenewIfDue()
    {
        lock (_gate)
        {
            if (_gone <= MaxGone)
            {
                return false;
            }

            Renew();
            return true;
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            _meter.Dispose();
        }
    }

    /// <summary>Adds instruments, now and to each later meter.</summary>
    internal void Add(Action<Meter> create)
    {
        lock (_gate)
        {
            _instruments.Add(create);
            create(_meter);
        }
    }

    /// <summary>Says which ids are configured now. Where there is no room for them beside those that are gone, the meter is renewed at once.</summary>
    internal void Configure(IEnumerable<string> ids)
    {
        lock (_gate)
        {
            var now = ids.ToHashSet(StringComparer.OrdinalIgnoreCase);
            _gone += _configured.Count(id => !now.Contains(id));
            _configured = now;
            Volatile.Write(ref _ids, now.Count);
            if (now.Count + _gone > Roomy(_planned) + MaxGone)
            {
                Renew();
            }
        }
    }

    /// <summary>Says that ids which were not configured, but labels all the same, are gone.</summary>
    internal void Gone(int ids)
    {
        lock (_gate)
        {
            _gone += ids;
        }
    }

    // A quarter more than there are, so that a growing configuration does not renew with each edit.
    private static long Roomy(int ids) => (long)ids * 5 / 4;

    // Besides what is configured there are ids that have gone since the last renewal, and those that had before and are still reported.
    private static int Limit(int each, int ids) => (int)Math.Min(each * (Roomy(ids) + (2 * MaxGone)), MostSeries);

    // The old one goes first: a collector would take an instrument of both for one, and end it with the first.
    private void Renew()
    {
        if (_disposed)
        {
            return;
        }

        _meter.Dispose();
        _meter = Make();
        Volatile.Write(ref _generation, _generation + 1);
        _instruments.ForEach(create => create(_meter));
    }

    private Meter Make()
    {
        (_planned, _gone) = (_configured.Count, 0);
        return new Meter(new MeterOptions(Name) { Scope = _factory });
    }
}

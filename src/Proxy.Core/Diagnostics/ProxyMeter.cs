using System.Diagnostics.Metrics;

namespace Proxy.Diagnostics;

/// <summary>
/// The meter <c>Proxy</c>, which has all instruments of this library. Collectors of cumulative values keep every combination of labels that
/// they have seen. When many ids have been removed from the configuration, the meter is therefore renewed: counters start again, as after a
/// restart, and observed values continue.
/// </summary>
public sealed class ProxyMeter : IDisposable
{
    /// <summary>The name of the meter.</summary>
    public const string Name = "Proxy";

    /// <summary>The number of removed ids that a collector may keep before the meter is renewed.</summary>
    public const int MaxGone = 1000;

    private const int MostSeries = 200_000;

    private readonly IMeterFactory _factory;
    private readonly Lock _gate = new(); // guards all fields below
    private readonly List<Action<Meter>> _instruments = [];
    private HashSet<string> _configured = new(StringComparer.OrdinalIgnoreCase);
    private Meter _meter;
    private int _ids; // number of configured ids
    private int _planned; // number of ids for which the limits of the present meter are computed
    private int _gone;
    private int _generation;
    private bool _disposed;

    /// <summary>Creates the first meter.</summary>
    /// <param name="factory">The host's meter factory, which becomes the scope of the meter.</param>
    public ProxyMeter(IMeterFactory factory)
    {
        _factory = factory;
        _meter = Make();
    }

    /// <summary>Whether so many ids have been removed that the meter should be renewed.</summary>
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

    /// <summary>How often the meter was renewed.</summary>
    public int Generation => Volatile.Read(ref _generation);

    /// <summary>The number of label combinations that an instrument needs, for configured and removed ids.</summary>
    /// <param name="instrument">The name of the instrument.</param>
    /// <returns>2,000 to 200,000.</returns>
    public int SeriesLimit(string instrument)
    {
        // Some outcomes per route, and failures; two directions; connected and failed.
        var each = instrument switch
        {
            "proxy.connections" => 5,
            "proxy.io" or "proxy.channel.io" or "proxy.dial.duration" or "proxy.channel.tunnels" => 2,
            _ => 1,
        };
        // Without the lock: a collector calls this while it holds a lock that a renewal waits for.
        return Limit(each, Volatile.Read(ref _ids));
    }

    /// <summary>Renews the meter if that is due; best called right after a collection, which has read the last values.</summary>
    /// <returns>Whether it was renewed.</returns>
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

    /// <summary>Adds instruments to the present meter and all later ones.</summary>
    internal void Add(Action<Meter> create)
    {
        lock (_gate)
        {
            _instruments.Add(create);
            create(_meter);
        }
    }

    /// <summary>Sets the configured ids. If they do not fit beside the removed ones, the meter is renewed immediately.</summary>
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

    /// <summary>Counts ids as removed that were labels without being configured.</summary>
    internal void Gone(int ids)
    {
        lock (_gate)
        {
            _gone += ids;
        }
    }

    // A quarter more than needed, so that a growing configuration does not renew the meter at each edit.
    private static long Roomy(int ids) => (long)ids * 5 / 4;

    // Beside the configured ids there are those removed since the last renewal, and those removed before it that are still reported.
    private static int Limit(int each, int ids) => (int)Math.Min(each * (Roomy(ids) + (2 * MaxGone)), MostSeries);

    // The old meter is disposed first: a collector would take an instrument of both for one, and end it with the first.
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

using System.Net;
using Microsoft.Extensions.Logging;
using Proxy.Configuration.Routes;
using Proxy.Connections;
using Proxy.Diagnostics;

namespace Proxy.Admission;

/// <summary>
/// The limits of one route, with what they count. It survives edits: an edited limit meets the connections that are open. Thread-safe.
/// </summary>
/// <param name="routeId">The id of the route.</param>
/// <param name="time">The clock of rates.</param>
/// <param name="logger">Receives a line when a limit is reached.</param>
/// <param name="mostSources">The largest number of sources that are told apart.</param>
internal sealed class RouteLimiter(string routeId, TimeProvider time, ILogger logger, int mostSources = SourceTable.Most)
{
    private readonly Lock _gate = new(); // guards the fields below that are not volatile
    private readonly LimitReports _reports = new(time);
    private readonly LastMinute _shared = new(time); // clients whose source the table had no room for
    private readonly long _start = time.GetTimestamp();
    private volatile RouteLimits? _limits;
    private volatile bool _isUsed;
    private SourceTable _sources = new(128, mostSources);
    private TokenBucket _bucket;
    private int _count;
    private int _generation; // places of earlier ones are not given back
    private List<ConnectionRecord>? _arrived; // those admitted between an edit and its count

    /// <summary>The id of the route.</summary>
    public string RouteId => routeId;

    /// <summary>Whether a revision with the route has run.</summary>
    public bool IsUsed => _isUsed;

    /// <summary>The bandwidth of the route's connections.</summary>
    public Bandwidth Bandwidth { get; } = new();

    /// <summary>How often each limit was reached; those that are configured and were not with zero, so that the first time shows as an increase.</summary>
    public IEnumerable<LimitCount> Reached
    {
        get
        {
            var counts = _reports.Counts.ToList();
            if (_limits is not { Values: var values })
            {
                return counts;
            }

            if (values.BytesPerSecondPerConnection is not null)
            {
                counts.Add(new(nameof(values.BytesPerSecondPerConnection), values.DryRun, Bandwidth.Reached));
            }

            return counts
                .Concat(LimitKeys.Refusing(values).Select(key => new LimitCount(key, values.DryRun, 0)))
                .DistinctBy(static count => (count.Limit, count.IsDryRun));
        }
    }

    /// <summary>The limits on numbers that are set and were reached in the last minute.</summary>
    public IEnumerable<LimitUse> Lately =>
        _limits is { Values: var values }
            ? from use in _reports.Lately
            join bound in LimitKeys.Bounds(values) on use.Limit equals bound.Key
            where use.IsDryRun == values.DryRun
            select use with
            {
                Value = bound.Value,
            }
            : [];

    /// <summary>The clients of the last minute that shared the limits of one source, since the table of sources was full; null if there were none.</summary>
    public LimitUse? Shared =>
        _limits is { CountSources: true } limits && _shared.Read() is { Failed: > 0, InARow: not null } minute
            ? new(nameof(Sources), mostSources, limits.Values.DryRun, minute)
            : null;

    /// <summary>The number of sources that are told apart; null if they are not counted.</summary>
    public int? Sources
    {
        get
        {
            lock (_gate)
            {
                return _limits is { CountSources: true } ? _sources.Count : null;
            }
        }
    }

    private double Now => time.GetElapsedTime(_start).TotalSeconds;

    /// <summary>Sets the limits.</summary>
    /// <param name="limits">The limits; null for none.</param>
    /// <returns>Whether <see cref="CountAgain"/> has to follow, with the connections that are open after this call.</returns>
    public bool Use(RouteLimits? limits)
    {
        var bandwidth = limits?.Values.BytesPerSecondPerConnection ?? 0;
        Bandwidth.Set(Math.Max(0, bandwidth), limits?.Values.DryRun ?? false);
        bool counts;
        lock (_gate)
        {
            counts =
                limits is not null
                && (
                    _limits is not { } before
                    || before.Values.SourcePrefixV6 != limits.Values.SourcePrefixV6
                    || (limits.CountSources && !before.CountSources)
                    || (before.Values.DryRun && !limits.Values.DryRun) // which left out those that it would have refused
                );
            _limits = limits;
            _isUsed = true;
            _arrived = counts ? [] : null;
        }

        Interlocked.MemoryBarrier(); // see Admits
        return counts;
    }

    /// <summary>Counts the open connections anew, by the limits at present.</summary>
    /// <param name="open">The connections of the route that were open at some moment since <see cref="Use"/>; those admitted since count too.</param>
    public void CountAgain(IEnumerable<ConnectionRecord> open)
    {
        var replaced = new List<(ConnectionRecord Record, IDisposable? Place)>();
        lock (_gate)
        {
            var arrived = _arrived ?? [];
            _arrived = null;
            if (_limits is not { } limits)
            {
                return;
            }

            _generation++;
            _count = 0;
            _sources = new(limits.Values.SourcePrefixV6, mostSources);
            foreach (var record in open.Concat(arrived).Distinct().Where(static record => record.Outcome is null))
            {
                var source = limits.CountSources ? _sources.Find((record.Client as IPEndPoint)?.Address, Now) : null;
                replaced.Add((record, record.Swap(Enter(source))));
            }
        }

        // Outside of the lock: it may be a place of another limiter, one of the same route before that was removed, which has a lock of its own.
        foreach (var (record, place) in replaced)
        {
            place?.Dispose();
            record.Settle();
        }
    }

    /// <summary>Forgets some of the sources that have been idle.</summary>
    /// <returns>Whether there are more of them.</returns>
    public bool ForgetIdle()
    {
        lock (_gate)
        {
            return _sources.ForgetIdle(Now);
        }
    }

    /// <summary>Judges a client, and counts it if it is admitted. One that is not is reset.</summary>
    /// <returns>Whether it is served.</returns>
    public bool Admits(ConnectionRecord record)
    {
        // The route of the record is written before the limits are read, as Use writes the limits before the open connections are read: whoever is not
        // judged by new limits is counted.
        Interlocked.MemoryBarrier();
        if (_limits is not { } limits)
        {
            return true;
        }

        var client = (record.Client as IPEndPoint)?.Address;
        if (Refusal(ref limits, client, record) is not { } limit)
        {
            return true;
        }

        if (_reports.Add(limit.Key, limits.Values.DryRun, limit.Value) is { } count)
        {
            Report(limit.Key, limits.Values.DryRun, record, count);
        }

        if (limits.Values.DryRun)
        {
            record.DryRunLimit = limit.Key;
            return true;
        }

        record.Refuse(limit.Key, limit.Outcome);
        return false;
    }

    private void Report(string limit, bool isDryRun, ConnectionRecord record, long count)
    {
        if (isDryRun)
        {
            LimitLog.WouldRefuse(logger, routeId, limit, record.Client, count);
        }
        else
        {
            LimitLog.Refuses(logger, routeId, limit, record.Client, count);
        }
    }

    // The client takes its place only if it is admitted, in a dry run too: else what is counted would not be what the limits would do.
    private (string Key, int? Value, ConnectionOutcome Outcome)? Refusal(ref RouteLimits limits, IPAddress? client, ConnectionRecord record)
    {
        if (limits.Networks.Refuses(client) is { } networks)
        {
            return (networks, null, ConnectionOutcome.Denied);
        }

        List<IDisposable>? others = null; // places of other limiters, which have locks of their own
        try
        {
            lock (_gate)
            {
                return _limits is null ? null : Judge(limits = _limits, client, record, ref others); // an edit since then has set what is counted and how
            }
        }
        finally
        {
            others?.ForEach(static place => place.Dispose());
            record.Settle();
        }
    }

    private (string Key, int? Value, ConnectionOutcome Outcome)? Judge(
        RouteLimits limits,
        IPAddress? client,
        ConnectionRecord record,
        ref List<IDisposable>? others
    )
    {
        Release(record.Swap(null), ref others); // an edit since its route was chosen may have counted it already
        var now = Now;
        var values = limits.Values;
        var source = limits.CountSources ? _sources.Find(client, now) : null;
        if (source == _sources.Others)
        {
            _shared.Note(nameof(Sources));
        }

        (string Key, int? Value)? limit =
            _count >= values.MaxConnections ? (nameof(values.MaxConnections), values.MaxConnections)
            : source?.Count >= values.MaxConnectionsPerSource ? (nameof(values.MaxConnectionsPerSource), values.MaxConnectionsPerSource)
            : values.ConnectionsPerSecond is { } rate && !_bucket.HasToken(rate, now) ? (nameof(values.ConnectionsPerSecond), rate)
            : values.ConnectionsPerSecondPerSource is { } each && !source!.Bucket.HasToken(each, now)
                ? (nameof(values.ConnectionsPerSecondPerSource), each)
            : null;
        if (limit is { } reached)
        {
            return (reached.Key, reached.Value, ConnectionOutcome.LimitExceeded);
        }

        _bucket.Take();
        source?.Bucket.Take();
        Release(record.Swap(Enter(source)), ref others);
        _arrived?.Add(record);
        return null;
    }

    // Its own are given back at once, since what is judged next counts them.
    private void Release(IDisposable? place, ref List<IDisposable>? others)
    {
        if (place is Place own && own.IsOf(this))
        {
            own.Dispose();
        }
        else if (place is not null)
        {
            (others ??= []).Add(place);
        }
    }

    private Place Enter(Source? source)
    {
        _count++;
        if (source is not null)
        {
            _sources.Enter(source);
        }

        return new Place(this, source, _generation);
    }

    private void Leave(Source? source, int generation)
    {
        lock (_gate)
        {
            if (generation != _generation)
            {
                return;
            }

            _count--;
            if (source is not null)
            {
                _sources.Leave(source, Now);
            }
        }
    }

    /// <summary>What an admitted connection holds.</summary>
    private sealed class Place(RouteLimiter owner, Source? source, int generation) : IDisposable
    {
        public bool IsOf(RouteLimiter limiter) => owner == limiter;

        public void Dispose() => owner.Leave(source, generation);
    }
}

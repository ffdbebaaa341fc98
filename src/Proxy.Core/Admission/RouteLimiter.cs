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
    private readonly long _start = time.GetTimestamp();
    private volatile RouteLimits? _limits;
    private SourceTable _sources = new(128, mostSources);
    private TokenBucket _bucket;
    private int _count;
    private int _generation; // places of earlier ones are not given back

    /// <summary>The id of the route.</summary>
    public string RouteId => routeId;

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
                .Concat(Configured(values).Select(key => new LimitCount(key, values.DryRun, 0)))
                .DistinctBy(static count => (count.Limit, count.IsDryRun));
        }
    }

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
    /// <param name="open">Returns the open connections of the route, which count from now on.</param>
    public void Apply(RouteLimits? limits, Func<IEnumerable<ConnectionRecord>> open)
    {
        var bandwidth = limits?.Values.BytesPerSecondPerConnection ?? 0;
        Bandwidth.Set(Math.Max(0, bandwidth), limits?.Values.DryRun ?? false);
        var before = _limits;
        _limits = limits;
        if (
            limits is not null
            && (
                before is null
                || before.Values.SourcePrefixV6 != limits.Values.SourcePrefixV6
                || (limits.CountSources && !before.CountSources)
            )
        )
        {
            CountAgain(limits, open());
        }
    }

    /// <summary>Judges a client, and counts it if it is admitted. One that is not is reset.</summary>
    /// <returns>Whether it is served.</returns>
    public bool Admits(ConnectionRecord record)
    {
        if (_limits is not { } limits)
        {
            return true;
        }

        var client = (record.Client as IPEndPoint)?.Address;
        if (Refusal(limits, client, record) is not { } limit)
        {
            return true;
        }

        if (_reports.Add(limit.Key, limits.Values.DryRun) is { } count)
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

    private static IEnumerable<string> Configured(RouteLimitsConfig values) =>
        new (string Key, bool IsSet)[]
        {
            (nameof(values.AllowNetworks), values.AllowNetworks is not null),
            (nameof(values.DenyNetworks), values.DenyNetworks.Count > 0),
            (nameof(values.MaxConnections), values.MaxConnections is not null),
            (nameof(values.MaxConnectionsPerSource), values.MaxConnectionsPerSource is not null),
            (nameof(values.ConnectionsPerSecond), values.ConnectionsPerSecond is not null),
            (nameof(values.ConnectionsPerSecondPerSource), values.ConnectionsPerSecondPerSource is not null),
        }
            .Where(static key => key.IsSet)
            .Select(static key => key.Key);

    // The client takes its place only if it is admitted, in a dry run too: else what is counted would not be what the limits would do.
    private (string Key, ConnectionOutcome Outcome)? Refusal(RouteLimits limits, IPAddress? client, ConnectionRecord record)
    {
        if (limits.Networks.Refuses(client) is { } networks)
        {
            return (networks, ConnectionOutcome.Denied);
        }

        lock (_gate)
        {
            var now = Now;
            var values = limits.Values;
            var source = limits.CountSources ? _sources.Find(client, now) : null;
            var limit =
                _count >= values.MaxConnections ? nameof(values.MaxConnections)
                : source?.Count >= values.MaxConnectionsPerSource ? nameof(values.MaxConnectionsPerSource)
                : values.ConnectionsPerSecond is { } rate && !_bucket.HasToken(rate, now) ? nameof(values.ConnectionsPerSecond)
                : values.ConnectionsPerSecondPerSource is { } each && !source!.Bucket.HasToken(each, now)
                    ? nameof(values.ConnectionsPerSecondPerSource)
                : null;
            if (limit is not null)
            {
                return (limit, ConnectionOutcome.LimitExceeded);
            }

            _bucket.Take();
            source?.Bucket.Take();
            record.Hold(Enter(source));
            return null;
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

    private void CountAgain(RouteLimits limits, IEnumerable<ConnectionRecord> open)
    {
        lock (_gate)
        {
            _generation++;
            _count = 0;
            _sources = new(limits.Values.SourcePrefixV6, mostSources);
            foreach (var record in open)
            {
                record.Hold(Enter(limits.CountSources ? _sources.Find((record.Client as IPEndPoint)?.Address, Now) : null));
            }
        }
    }

    /// <summary>What an admitted connection holds.</summary>
    private sealed class Place(RouteLimiter owner, Source? source, int generation) : IDisposable
    {
        public void Dispose() => owner.Leave(source, generation);
    }
}

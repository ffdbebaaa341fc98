using Proxy.Connections;
using Proxy.Diagnostics;
using Proxy.Engine;
using Proxy.Host.Contracts;
using Proxy.Host.Observability;
using Proxy.Revisions;
using Proxy.Transports;

namespace Proxy.Host.Admin;

/// <summary>Collects the status of the host.</summary>
internal sealed class StatusReader(
    ProxyStatus status,
    ConfigInspector configuration,
    ConnectionTracker tracker,
    ProxyMetrics metrics,
    AccessLog accessLog,
    EventLoops loops,
    Resources resources,
    IEnumerable<IEngine> engines,
    TimeProvider time
)
{
    private readonly long _started = time.GetTimestamp();
    private readonly DateTimeOffset _startedAt = time.GetUtcNow();

    public StatusAnswer Read()
    {
        var state = status.Current;
        return new(
            BuildVersion.Text,
            _startedAt,
            time.GetElapsedTime(_started),
            state.Ready,
            state.Draining,
            state.Running is { } running ? new(running.Id, state.AppliedAt) : null,
            [.. state.Rejected.Select(Problem.Of)],
            state.Pending,
            state.RestartNeeded,
            Traffic(),
            new(accessLog.Dropped),
            Process()
        )
        {
            ReplacedFiles = state.ReplacedFiles,
            Documents = configuration.SharedDocuments(),
            AcceptingPausedSince = resources.PausedSince,
            Engine = engines.FirstOrDefault() is { } engine ? EngineAnswer.Of(engine.Status) : null,
        };
    }

    /// <summary>Sums ended connections by outcome, ordered by the outcome's name.</summary>
    public static IReadOnlyDictionary<string, long> Ended(IEnumerable<RouteTraffic> traffic)
    {
        var ended = new SortedDictionary<string, long>(StringComparer.Ordinal);
        foreach (var (outcome, count) in traffic.SelectMany(static route => route.Ended))
        {
            var word = outcome.ToString();
            ended[word] = ended.GetValueOrDefault(word) + count;
        }

        return ended;
    }

    private TrafficAnswer Traffic()
    {
        var traffic = metrics.Traffic();
        return new(
            tracker.Count,
            Ended(traffic),
            traffic.Sum(static route => route.ReceivedBytes),
            traffic.Sum(static route => route.SentBytes)
        );
    }

    private ProcessAnswer Process() =>
        new(
            Environment.ProcessId,
            Math.Round(Environment.CpuUsage.TotalTime.TotalSeconds, 3),
            Environment.WorkingSet,
            new(
                GC.GetTotalMemory(forceFullCollection: false),
                [.. Enumerable.Range(0, GC.MaxGeneration + 1).Select(GC.CollectionCount)],
                Math.Round(GC.GetTotalPauseDuration().TotalSeconds, 6)
            ),
            new(ThreadPool.ThreadCount, ThreadPool.PendingWorkItemCount),
            loops.List()
        );
}

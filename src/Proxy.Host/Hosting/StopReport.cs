using System.Globalization;
using Microsoft.Extensions.Options;
using Proxy.Diagnostics;
using Proxy.Host.Http;
using Proxy.Revisions;

namespace Proxy.Host.Hosting;

/// <summary>Logs what a stop waits for, every ten seconds what is still missing, and how it ended.</summary>
internal sealed partial class StopReport(
    ProxyStatus status,
    ConnectionTracker tracker,
    ProxyMetrics metrics,
    IServiceProvider services,
    IOptions<HostOptions> host,
    TimeProvider time,
    ILogger<StopReport> logger
) : IHostedLifecycleService, IDisposable
{
    private const int MostRoutes = 5;
    private static readonly TimeSpan _interval = TimeSpan.FromSeconds(10);

    private readonly HttpDrain? _http = services.GetService<HttpDrain>(); // without HTTP there is none
    private ITimer? _timer;
    private long _began;
    private (long All, long Reset) _before;

    public Task StoppingAsync(CancellationToken cancellationToken)
    {
        _began = time.GetTimestamp();
        _before = Ended();
        var (open, limit) = (Open(), Limit());
        var delay = status.Current.Running?.Config.ShutdownDelay ?? TimeSpan.Zero;
        if (delay > TimeSpan.Zero)
        {
            Log.Delayed(logger, delay.TotalSeconds, open, limit);
        }
        else if (Count() > 0)
        {
            Log.Waiting(logger, open, limit);
        }
        else
        {
            Log.Idle(logger);
        }

        _timer = time.CreateTimer(static report => ((StopReport)report!).Remind(), this, _interval, _interval);
        return Task.CompletedTask;
    }

    public Task StoppedAsync(CancellationToken cancellationToken)
    {
        _timer?.Dispose();
        var (all, reset) = Ended();
        (all, reset) = (all - _before.All, reset - _before.Reset + tracker.Count);
        var ended = all - reset + tracker.Count;
        var seconds = time.GetElapsedTime(_began).TotalSeconds;
        if (reset > 0)
        {
            Log.Cut(logger, seconds, ended, reset);
        }
        else
        {
            var how = all == 0 ? "no connection was open" : $"every open connection ended by itself ({all})";
            Log.Stopped(logger, seconds, how);
        }

        return Task.CompletedTask;
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _timer?.Dispose();

    /// <summary>The open connections in words, with the routes that have most of them.</summary>
    public string Open()
    {
        var routes = tracker
            .Open.CountBy(static record => record.RouteId ?? "no route yet")
            .OrderByDescending(static pair => pair.Value)
            .ToList();
        var shown = routes.Take(MostRoutes).Select(static pair => string.Create(CultureInfo.InvariantCulture, $"{pair.Key}: {pair.Value}"));
        var names = string.Join(", ", routes.Count > MostRoutes ? shown.Append("…") : shown);
        var tcp = names.Length == 0 ? "" : $"{Connections(tracker.Count, "connection")} ({names})";
        var http = _http?.Open is > 0 and var open ? Connections(open, "HTTP connection") : "";
        return tcp.Length > 0 && http.Length > 0 ? $"{tcp} and {http}"
            : tcp.Length + http.Length > 0 ? tcp + http
            : "no connection";
    }

    private int Count() => tracker.Count + (_http?.Open ?? 0);

    private double Limit() => host.Value.ShutdownTimeout.TotalSeconds;

    private void Remind()
    {
        if (Count() > 0)
        {
            var (open, left) = (Open(), Math.Max(0, Limit() - time.GetElapsedTime(_began).TotalSeconds));
            Log.Still(logger, open, left);
        }
    }

    private (long All, long Reset) Ended()
    {
        var ended = metrics.Traffic().SelectMany(static route => route.Ended).ToList();
        return (
            ended.Sum(static pair => pair.Value),
            ended.Where(static pair => pair.Key == ConnectionOutcome.Drained).Sum(static pair => pair.Value)
        );
    }

    private static string Connections(long count, string noun) =>
        string.Create(CultureInfo.InvariantCulture, $"{count} {noun}{(count == 1 ? "" : "s")}");

    private static partial class Log
    {
        [LoggerMessage(
            LogLevel.Information,
            "Stopping: clients are accepted for {Delay:0.#} s more (ShutdownDelay), then open connections have until their DrainTimeout; {Open} now, {Limit:0} s in all at most. A second signal ends the program at once."
        )]
        public static partial void Delayed(ILogger logger, double delay, string open, double limit);

        [LoggerMessage(
            LogLevel.Information,
            "Stopping: no client is accepted any more; waiting for {Open}, {Limit:0} s at most. A second signal ends the program at once."
        )]
        public static partial void Waiting(ILogger logger, string open, double limit);

        [LoggerMessage(LogLevel.Information, "Stopping: no client is accepted any more, and no connection is open.")]
        public static partial void Idle(ILogger logger);

        [LoggerMessage(LogLevel.Information, "Still waiting for {Open}, {Left:0} s more at most.")]
        public static partial void Still(ILogger logger, string open, double left);

        [LoggerMessage(LogLevel.Information, "Stopped after {Seconds:0.0} s: {Ended}.")]
        public static partial void Stopped(ILogger logger, double seconds, string ended);

        [LoggerMessage(
            LogLevel.Warning,
            "Stopped after {Seconds:0.0} s. Open connections that ended by themselves: {Ended}; that were reset when their time was over: {Reset}."
        )]
        public static partial void Cut(ILogger logger, double seconds, long ended, long reset);
    }
}

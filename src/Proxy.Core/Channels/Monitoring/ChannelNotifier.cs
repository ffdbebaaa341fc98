using System.Globalization;
using Microsoft.Extensions.Logging;
using Proxy.Configuration.Channels;

namespace Proxy.Channels.Monitoring;

/// <summary>Keeps one pump per configured sink, and one for each that code has added.</summary>
internal sealed class ChannelNotifier : IAsyncDisposable
{
    private static readonly TimeSpan _lastWord = TimeSpan.FromSeconds(3);

    private readonly ChannelMonitor _monitor;
    private readonly NotificationMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Dictionary<string, NotificationPump> _pumps = new(StringComparer.Ordinal);
    private readonly HttpMessageInvoker _http = new(
        new SocketsHttpHandler
        {
            // What is configured is called, and nothing else.
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            PooledConnectionLifetime = TimeSpan.FromMinutes(2), // names are resolved again after this
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
            MaxResponseHeadersLength = 16, // kB
            MaxResponseDrainSize = 0,
        }
    );

    private readonly IReadOnlyList<(string Key, Func<INotificationSink> Sink)> _inCode;
    private ChannelNotifyConfig? _used;

    public ChannelNotifier(
        ChannelMonitor monitor,
        IEnumerable<INotificationSink> sinks,
        NotificationMetrics metrics,
        TimeProvider time,
        ILogger logger
    )
    {
        (_monitor, _metrics, _time, _logger) = (monitor, metrics, time, logger);
        _inCode =
        [
            ("events", () => new EventSink(monitor)),
            .. sinks.Select(static (sink, index) => ($"code {index}", (Func<INotificationSink>)(() => sink))),
        ];
    }

    /// <summary>Follows an edit: a sink that is new is told everything, one that is gone nothing more. One caller at a time.</summary>
    public async Task UseAsync(ChannelNotifyConfig config)
    {
        if (ReferenceEquals(config, _used))
        {
            return;
        }

        var wanted = _inCode
            .Concat(Configured(config))
            .ToDictionary(static pair => pair.Key, static pair => pair.Sink, StringComparer.Ordinal);
        foreach (var key in _pumps.Keys.Where(key => !wanted.ContainsKey(key)).ToList())
        {
            await _pumps[key].DisposeAsync();
            _pumps.Remove(key);
        }

        foreach (var (key, sink) in wanted.Where(pair => !_pumps.ContainsKey(pair.Key)))
        {
            _pumps[key] = Pump(sink());
        }

        _used = config;
    }

    /// <summary>Waits until all sinks have heard the end, and not for ever.</summary>
    public Task FinishAsync(ChannelNotifyConfig config)
    {
        // A run that is under way may take its time; the end is told after it.
        var longest = config.Exec.Select(static exec => exec.Timeout).DefaultIfEmpty().Max() + _lastWord;
        return Task.WhenAll(_pumps.Values.Select(pump => pump.FinishAsync(longest)));
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_pumps.Values.Select(static pump => pump.DisposeAsync().AsTask()));
        _pumps.Clear();
        _http.Dispose();
    }

    // The same one twice is one.
    private IEnumerable<(string Key, Func<INotificationSink> Sink)> Configured(ChannelNotifyConfig config) =>
        config
            .Exec.Select(exec => (Key("exec", exec.Timeout, [.. exec.Command]), Exec(exec)))
            .Concat(config.Http.Select(webhook => (Key("http", webhook.Timeout, webhook.Url, webhook.Secret), Webhook(webhook))))
            .DistinctBy(static pair => pair.Item1);

    private static string Key(string kind, TimeSpan timeout, params string?[] parts) =>
        string.Create(CultureInfo.InvariantCulture, $"config {kind} {timeout} {string.Join('\0', parts)}");

    private Func<INotificationSink> Exec(ChannelExecConfig config) => () => new ExecSink(config, _time, _logger);

    private Func<INotificationSink> Webhook(ChannelWebhookConfig config) => () => new WebhookSink(config, _http, _time);

    private NotificationPump Pump(INotificationSink sink)
    {
        var pump = new NotificationPump(sink, _monitor, _metrics, _time, _logger);
        pump.Start();
        return pump;
    }
}

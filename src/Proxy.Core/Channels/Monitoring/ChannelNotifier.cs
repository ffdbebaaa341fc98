using System.Globalization;
using Microsoft.Extensions.Logging;
using Proxy.Configuration.Channels;
using Proxy.Configuration.Reading;
using Proxy.Connections;

namespace Proxy.Channels.Monitoring;

/// <summary>Runs one <see cref="NotificationPump"/> per configured sink, and one per sink added in code.</summary>
internal sealed class ChannelNotifier : IAsyncDisposable
{
    private static readonly TimeSpan _lastWord = TimeSpan.FromSeconds(3);

    private readonly ChannelMonitor _monitor;
    private readonly NotificationMetrics _metrics;
    private readonly SecretValues _secrets;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Dictionary<string, NotificationPump> _pumps = new(StringComparer.Ordinal);
    private readonly HttpMessageInvoker _http = new(
        new SocketsHttpHandler
        {
            // Only the configured URL is called, so redirects are not followed.
            AllowAutoRedirect = false,
            ConnectCallback = GatedConnect.ConnectAsync,
            UseProxy = false,
            UseCookies = false,
            PooledConnectionLifetime = TimeSpan.FromMinutes(2), // so that changed DNS entries take effect
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
        SecretValues secrets,
        TimeProvider time,
        ILogger logger
    )
    {
        (_monitor, _metrics, _secrets, _time, _logger) = (monitor, metrics, secrets, time, logger);
        _inCode =
        [
            ("events", () => new EventSink(monitor)),
            .. sinks.Select(static (sink, index) => ($"code {index}", (Func<INotificationSink>)(() => sink))),
        ];
    }

    /// <summary>
    /// Applies an edited configuration: a new sink gets all current states, a removed one gets nothing more. Not thread-safe: one caller at
    /// a time.
    /// </summary>
    public async Task ApplyAsync(ChannelNotifyConfig config)
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

    /// <summary>Waits until all sinks have received the last notification, for a bounded time.</summary>
    public Task FinishAsync(ChannelNotifyConfig config)
    {
        // A program that is running may take its whole time limit, and the last notification comes after it.
        var longest = config.Exec.Select(static exec => exec.Timeout).DefaultIfEmpty().Max() + _lastWord;
        return Task.WhenAll(_pumps.Values.Select(pump => pump.FinishAsync(longest)));
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_pumps.Values.Select(static pump => pump.DisposeAsync().AsTask()));
        _pumps.Clear();
        _http.Dispose();
    }

    // A sink that is configured twice is notified once.
    private IEnumerable<(string Key, Func<INotificationSink> Sink)> Configured(ChannelNotifyConfig config) =>
        config
            .Exec.Select(exec => (Key("exec", exec.Timeout, [.. exec.Command]), Exec(exec)))
            .Concat(config.Http.Select(webhook => (Key("http", webhook.Timeout, webhook.Url, webhook.Secret), Webhook(webhook))))
            .DistinctBy(static pair => pair.Item1);

    private static string Key(string kind, TimeSpan timeout, params string?[] parts) =>
        string.Create(CultureInfo.InvariantCulture, $"config {kind} {timeout} {string.Join('\0', parts)}");

    private Func<INotificationSink> Exec(ChannelExecConfig config) => () => new ExecSink(config, _secrets, _time, _logger);

    private Func<INotificationSink> Webhook(ChannelWebhookConfig config) => () => new WebhookSink(config, _http, _time);

    private NotificationPump Pump(INotificationSink sink)
    {
        var pump = new NotificationPump(sink, _monitor, _metrics, _time, _logger);
        pump.Start();
        return pump;
    }
}

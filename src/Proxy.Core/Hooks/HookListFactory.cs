using System.Collections.Frozen;
using System.Net;
using Microsoft.Extensions.Logging;
using Proxy.Clusters;
using Proxy.Configuration.Locking;
using Proxy.Configuration.Reading;
using Proxy.Connections;
using Proxy.Diagnostics;

namespace Proxy.Hooks;

/// <summary>Builds lists of steps from configuration. All of them share one HTTP client.</summary>
internal sealed class HookListFactory(
    IEnumerable<IProxyHook> hooks,
    AddressRace race,
    SecretValues secrets,
    ProxyMetrics metrics,
    TimeProvider time,
    ILoggerFactory loggers
) : IDisposable
{
    private readonly FrozenDictionary<string, IProxyHook> _hooks = hooks
        .GroupBy(static hook => hook.Name, StringComparer.OrdinalIgnoreCase)
        .ToFrozenDictionary(static group => group.Key, static group => group.Last(), StringComparer.OrdinalIgnoreCase);

    private readonly HttpMessageInvoker _http = new(
        new SocketsHttpHandler
        {
            // Only the configured URL is called, so redirects are not followed.
            AllowAutoRedirect = false,
            ConnectCallback = GatedConnect.ConnectAsync,
            UseProxy = false,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.None,
            // Names are resolved again when a connection is replaced.
            PooledConnectionLifetime = TimeSpan.FromMinutes(2),
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
            MaxResponseHeadersLength = 16, // kB
            MaxResponseDrainSize = 0,
        }
    );

    /// <summary>Builds a list from validated configuration.</summary>
    public HookList Create(IReadOnlyList<HookStepConfig> steps) =>
        new([.. steps.Select(Schedule)], metrics, time, loggers.CreateLogger<HookList>());

    public void Dispose() => _http.Dispose();

    private ScheduledStep Schedule(HookStepConfig config)
    {
        var step = CreateStep(config);
        // A delay has no timeout besides its own length.
        return new(step, step is DelayStep ? Timeout.InfiniteTimeSpan : config.Timeout, config.Every, config.AfterTimeout, config.AtStart);
    }

    private IHookStep CreateStep(HookStepConfig config) =>
        config switch
        {
            { Exec: { Count: > 0 } command } => new ExecStep(command, secrets, time, loggers.CreateLogger<ExecStep>()),
            { Http: { } url } => new HttpStep(new Uri(url), _http, time, loggers.CreateLogger<HttpStep>()),
            { WaitForPort: { } state } => new WaitForPortStep(state, race, time),
            { Delay: { } delay } => new DelayStep(delay, time),
            { Hook: { } name } => new CodeStep(_hooks[name], time),
            _ => throw new ArgumentException("The step has no action.", nameof(config)),
        };
}

using Microsoft.Extensions.Options;
using Proxy.Connections;
using Proxy.Diagnostics;
using Proxy.Revisions;
using Proxy.Transports;

namespace Proxy.Host.Hosting.Systemd;

/// <summary>Notifies systemd when the host is ready, when it stops and needs more time, when its status line changes, and that it responds.</summary>
internal sealed partial class SystemdService(
    SystemdEnvironment environment,
    ServiceManager manager,
    TransportHealth health,
    TransportOptions transport,
    ProxyStatus status,
    ConnectionTracker tracker,
    IHostApplicationLifetime application,
    IOptions<HostOptions> host,
    TimeProvider time,
    ILoggerFactory loggers
) : IHostedService, IDisposable
{
    private static readonly TimeSpan _interval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _extension = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new(); // guards all fields
    private Watchdog? _watchdog;
    private ITimer? _timer;
    private string _reported = "";
    private long _stopping;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        application.ApplicationStarted.Register(OnStarted);
        application.ApplicationStopping.Register(OnStopping);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        _watchdog?.Dispose();
        _timer?.Dispose();
    }

    // All endpoints listen when this is called, so a socket that is still unused belongs to no endpoint.
    private void OnStarted()
    {
        foreach (var unused in transport.Inherited?.CloseUnused() ?? [])
        {
            Log.Unused(loggers.CreateLogger<SystemdService>(), unused);
        }

        if (!manager.IsEnabled)
        {
            return;
        }

        lock (_gate)
        {
            _reported = ServiceStatus.Describe(status.Current);
            manager.Ready(_reported);
            _timer = time.CreateTimer(static service => ((SystemdService)service!).Update(), this, _interval, _interval);
            if (environment.Watchdog is { } limit)
            {
                _watchdog = new Watchdog(limit, health.AnswerAsync, manager.Alive, loggers.CreateLogger<Watchdog>());
            }
        }
    }

    private void OnStopping()
    {
        lock (_gate)
        {
            _stopping = time.GetTimestamp();
            manager.Stopping(Draining());
        }
    }

    private void Update()
    {
        lock (_gate)
        {
            if (_stopping != 0)
            {
                Extend();
            }
            else if (ServiceStatus.Describe(status.Current) is var now && now != _reported)
            {
                _reported = now;
                manager.Status(now);
            }
        }
    }

    // The extensions end with the host's own shutdown timeout. If the process still hangs after that, systemd should kill it.
    private void Extend()
    {
        if (time.GetElapsedTime(_stopping) < host.Value.ShutdownTimeout)
        {
            manager.ExtendTimeout(_extension, Draining());
        }
    }

    private string Draining() => $"Draining, {tracker.Count} connections are open.";

    private static partial class Log
    {
        [LoggerMessage(
            LogLevel.Warning,
            "systemd passed a socket on {Socket}, but no endpoint has this address. The socket is closed; remove it from the socket unit or add an endpoint."
        )]
        public static partial void Unused(ILogger logger, InheritedSocket socket);
    }
}

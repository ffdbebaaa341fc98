using Microsoft.Extensions.Options;
using Proxy.Connections;
using Proxy.Diagnostics;
using Proxy.Revisions;
using Proxy.Transports;

namespace Proxy.Host.Hosting.Systemd;

/// <summary>Keeps systemd informed: ready, stopping and for how long yet, alive, and how it is in a line.</summary>
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
    private static readonly TimeSpan _look = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _extension = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new(); // guards all fields
    private Watchdog? _watchdog;
    private ITimer? _timer;
    private string _told = "";
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

    // Everything listens now.
    private void OnStarted()
    {
        foreach (var unused in transport.Inherited?.CloseUnused() ?? [])
        {
            Log.Unused(loggers.CreateLogger<SystemdService>(), unused);
        }

        if (!manager.IsThere)
        {
            return;
        }

        lock (_gate)
        {
            _told = ServiceStatus.Describe(status.Current);
            manager.Ready(_told);
            _timer = time.CreateTimer(static service => ((SystemdService)service!).Look(), this, _look, _look);
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

    private void Look()
    {
        lock (_gate)
        {
            if (_stopping != 0)
            {
                Extend();
            }
            else if (ServiceStatus.Describe(status.Current) is var now && now != _told)
            {
                _told = now;
                manager.Tell(now);
            }
        }
    }

    // No longer than the host itself allows: what hangs then is systemd's to end.
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
        [LoggerMessage(LogLevel.Warning, "Systemd passed on {Socket}, on which no endpoint listens; it is closed.")]
        public static partial void Unused(ILogger logger, InheritedSocket socket);
    }
}

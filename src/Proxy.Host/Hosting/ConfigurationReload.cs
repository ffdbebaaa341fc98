using Proxy.Diagnostics;
using Proxy.Host.Hosting.Systemd;
using Proxy.Revisions;

namespace Proxy.Host.Hosting;

/// <summary>Reloads the configuration files on request, and reports the start and the end of the reload to systemd.</summary>
internal sealed partial class ConfigurationReload(
    ConfigInspector inspector,
    AccessLog access,
    ProxyStatus status,
    ServiceManager manager,
    IHostApplicationLifetime application,
    TimeProvider time,
    ILogger<ConfigurationReload> logger
) : IDisposable
{
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(60);
    private readonly SemaphoreSlim _turn = new(1);

    private bool Runs => application.ApplicationStarted.IsCancellationRequested && !application.ApplicationStopping.IsCancellationRequested;

    /// <summary>Requests a reload. Reloads run one after the other.</summary>
    /// <returns>
    /// Whether what was read is applied, rejected or postponed by now; false if that is not known after 60 s, after a failure or because the host stops.
    /// The task never fails.
    /// </returns>
    public Task<bool> RunAsync() => Task.Run(TakeTurnAsync);

    public void Dispose() => _turn.Dispose();

    private async Task<bool> TakeTurnAsync()
    {
        try
        {
            await _turn.WaitAsync(application.ApplicationStopping);
            try
            {
                return await ReloadAsync();
            }
            finally
            {
                _turn.Release();
            }
        }
        catch (OperationCanceledException) when (application.ApplicationStopping.IsCancellationRequested)
        {
            access.Reopen(); // While the host stops, the configuration no longer matters, but the access log is still written.
            return false;
        }
        catch (Exception exception)
        {
            Log.Failed(logger, exception);
            return false;
        }
    }

    private async Task<bool> ReloadAsync()
    {
        var settled = true;
        var notify = Runs;
        if (notify)
        {
            manager.Reloading();
        }

        inspector.Reload();
        access.Reopen();
        try
        {
            await status.WhenSettledAsync().WaitAsync(_limit, time, application.ApplicationStopping);
        }
        catch (TimeoutException)
        {
            settled = false; // the last good revision still runs, so the service is ready
        }

        if (notify && Runs)
        {
            manager.Ready(ServiceStatus.Describe(status.Current));
        }

        return settled;
    }

    private static partial class Log
    {
        [LoggerMessage(
            LogLevel.Error,
            "The reload of the configuration failed. The host keeps the running configuration; fix the cause and reload again."
        )]
        public static partial void Failed(ILogger logger, Exception exception);
    }
}

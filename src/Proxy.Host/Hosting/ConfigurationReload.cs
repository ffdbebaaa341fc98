using Proxy.Diagnostics;
using Proxy.Host.Hosting.Systemd;
using Proxy.Revisions;

namespace Proxy.Host.Hosting;

/// <summary>Reads the files again on request, and tells systemd when that has had its effect.</summary>
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

    /// <summary>Begins a reload and returns at once; one after the other.</summary>
    public void Start() => _ = Task.Run(RunAsync);

    public void Dispose() => _turn.Dispose();

    private async Task RunAsync()
    {
        try
        {
            await _turn.WaitAsync(application.ApplicationStopping);
            try
            {
                await ReloadAsync();
            }
            finally
            {
                _turn.Release();
            }
        }
        catch (OperationCanceledException) when (application.ApplicationStopping.IsCancellationRequested)
        {
            access.Reopen(); // Nothing is worth reading any more, and lines are still written.
        }
        catch (Exception exception)
        {
            Log.Failed(logger, exception);
        }
    }

    private async Task ReloadAsync()
    {
        var tell = Runs;
        if (tell)
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
            // The last good revision runs on, and that is ready.
        }

        if (tell && Runs)
        {
            manager.Ready(ServiceStatus.Describe(status.Current));
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "Reading the configuration again failed, the last good one runs on.")]
        public static partial void Failed(ILogger logger, Exception exception);
    }
}

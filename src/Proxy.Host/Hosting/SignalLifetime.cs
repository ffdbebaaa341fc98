using System.Runtime.InteropServices;

namespace Proxy.Host.Hosting;

/// <summary>
/// Handles signals. SIGTERM and Ctrl+C drain connections and stop the host, a second one exits at once, and SIGHUP reloads the
/// configuration files and reopens the access log.
/// </summary>
internal sealed class SignalLifetime(IHostApplicationLifetime application, ConfigurationReload reload) : IHostLifetime, IDisposable
{
    private static readonly TimeSpan _announcement = TimeSpan.FromMilliseconds(200);

    private readonly List<PosixSignalRegistration> _signals = [];
    private int _stopSignals;

    public Task WaitForStartAsync(CancellationToken cancellationToken)
    {
        _signals.Add(PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop));
        _signals.Add(PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop));
        _signals.Add(PosixSignalRegistration.Create(PosixSignal.SIGHUP, Reload));
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _signals.ForEach(static signal => signal.Dispose());

    private void Stop(PosixSignalContext context)
    {
        context.Cancel = true;
        if (Interlocked.Increment(ref _stopSignals) > 1)
        {
            Announce($"A second signal ({context.Signal}) ends the program at once; connections that are still open are reset.");
            Environment.Exit(ExitCode.Ok);
        }

        application.StopApplication();
    }

    // Written directly, since the end does not wait for the log; and a reader of standard error that has stopped must not delay the end.
    private static void Announce(string text) => Task.Run(() => Console.Error.WriteLine(text)).Wait(_announcement);

    private void Reload(PosixSignalContext context)
    {
        context.Cancel = true;
        _ = reload.RunAsync();
    }
}

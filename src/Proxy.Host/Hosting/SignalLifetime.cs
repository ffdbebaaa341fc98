using System.Runtime.InteropServices;

namespace Proxy.Host.Hosting;

/// <summary>SIGTERM and Ctrl+C drain, a second one ends at once, SIGHUP reads the files again, and opens the access log anew.</summary>
internal sealed class SignalLifetime(IHostApplicationLifetime application, ConfigurationReload reload) : IHostLifetime, IDisposable
{
    private readonly List<PosixSignalRegistration> _signals = [];
    private int _asked;

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
        if (Interlocked.Increment(ref _asked) > 1)
        {
            Environment.Exit(ExitCode.Ok);
        }

        application.StopApplication();
    }

    private void Reload(PosixSignalContext context)
    {
        context.Cancel = true;
        reload.Start();
    }
}

using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace Proxy.Host.Hosting;

/// <summary>
/// Handles SIGTERM and Ctrl+C while no host does: they cancel a token. Without a handler the first process of a container would ignore them.
/// </summary>
[SuppressMessage("Usage", "CA2213", Justification = "A handler of a signal may still use the source.")]
internal sealed class StopSignals : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly PosixSignalRegistration[] _signals;

    public StopSignals() =>
        _signals = [PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop), PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop)];

    /// <summary>Cancelled by the first signal.</summary>
    public CancellationToken Token => _stop.Token;

    // A handler may run at this time, and later: the source stays usable, and without a timer it holds nothing.
    public void Dispose() => Array.ForEach(_signals, static signal => signal.Dispose());

    /// <summary>Handles a signal.</summary>
    internal void Stop(PosixSignalContext context)
    {
        context.Cancel = true;
        _stop.Cancel();
    }
}

using System.Runtime.InteropServices;
using Proxy.Host.Hosting;

namespace Proxy.Host.Tests.Hosting;

public sealed class StopSignalsTests
{
    [Fact]
    public void Stop_Signal_CancelsAndTheProcessGoesOn()
    {
        using var signals = new StopSignals();
        var signal = new PosixSignalContext(PosixSignal.SIGTERM);

        signals.Stop(signal);

        Assert.True(signal.Cancel);
        Assert.True(signals.Token.IsCancellationRequested);
    }

    // Handlers run on threads of the pool, and may be late: an exception there ends the process.
    [Fact]
    public void Stop_AfterDispose_DoesNotThrow()
    {
        var signals = new StopSignals();
        var token = signals.Token;
        signals.Dispose();

        signals.Stop(new PosixSignalContext(PosixSignal.SIGTERM));

        Assert.True(token.IsCancellationRequested);
    }
}

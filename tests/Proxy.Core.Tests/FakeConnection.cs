using Microsoft.AspNetCore.Connections;

namespace Proxy.Core.Tests;

/// <summary>A connection without a socket, for what only passes connections on.</summary>
internal sealed class FakeConnection(string id = "fake") : DefaultConnectionContext(id)
{
    private int _disposed;

    public bool Aborted { get; private set; }

    public bool Disposed => Volatile.Read(ref _disposed) > 0;

    public override void Abort(ConnectionAbortedException abortReason) => Aborted = true;

    public override ValueTask DisposeAsync()
    {
        Interlocked.Increment(ref _disposed);
        return base.DisposeAsync();
    }
}

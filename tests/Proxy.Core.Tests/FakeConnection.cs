using Microsoft.AspNetCore.Connections;

namespace Proxy.Core.Tests;

/// <summary>A connection without a socket, for what only passes connections on.</summary>
internal sealed class FakeConnection(string id = "fake") : DefaultConnectionContext(id)
{
    private int _disposed;

    public bool Aborted { get; private set; }

    public bool Disposed => Volatile.Read(ref _disposed) > 0;

    /// <summary>What aborting it throws the first time; null for nothing.</summary>
    public Exception? Breaks { get; set; }

    public override void Abort(ConnectionAbortedException abortReason)
    {
        Aborted = true;
        if (Breaks is { } exception)
        {
            Breaks = null;
            throw exception;
        }
    }

    public override ValueTask DisposeAsync()
    {
        Interlocked.Increment(ref _disposed);
        return base.DisposeAsync();
    }
}

using System.Threading.Tasks.Sources;
using Microsoft.AspNetCore.Connections;

namespace Proxy.Connections;

/// <summary>
/// Ends the turn of code that has moved much without waiting, so that the other connections of its event loop have theirs. One caller at a time.
/// </summary>
/// <param name="connection">The connection whose handlers run there.</param>
internal sealed class Turn(ConnectionContext connection) : IValueTaskSource, IThreadPoolWorkItem
{
    private ManualResetValueTaskSourceCore<bool> _source;

    /// <summary>Completes after all other work that waits there.</summary>
    public ValueTask EndAsync()
    {
        _source.Reset();
        var version = _source.Version; // it may be over before this returns, on another thread
        if (connection is TcpConnection tcp)
        {
            tcp.PostLater(this);
        }
        else
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }

        return new(this, version);
    }

    /// <inheritdoc />
    public override string ToString() => $"bytes of {connection}";

    void IThreadPoolWorkItem.Execute() => _source.SetResult(true);

    void IValueTaskSource.GetResult(short token) => _source.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);
}

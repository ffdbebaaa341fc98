using System.Threading.Channels;

namespace Proxy.Handover;

/// <summary>Connections that Kestrel is to accept. It takes them at once as a rule, so the queue is empty. Thread-safe.</summary>
internal sealed class HandoverQueue
{
    /// <summary>The largest number of connections that wait.</summary>
    public const int Capacity = 4096;

    private readonly Channel<HandedConnection> _waiting = Channel.CreateBounded<HandedConnection>(Capacity);
    private volatile bool _isClosed;

    /// <summary>Whether Kestrel has stopped to accept.</summary>
    public bool IsClosed => _isClosed;

    /// <summary>Adds a connection.</summary>
    /// <returns>False if the queue is full or closed.</returns>
    public bool TryAdd(HandedConnection connection) => _waiting.Writer.TryWrite(connection);

    /// <summary>Waits for a connection.</summary>
    /// <returns>The connection; null if the queue is closed and empty.</returns>
    public async ValueTask<HandedConnection?> TakeAsync(CancellationToken cancellationToken)
    {
        while (await _waiting.Reader.WaitToReadAsync(cancellationToken))
        {
            if (_waiting.Reader.TryRead(out var connection))
            {
                return connection;
            }
        }

        return null;
    }

    /// <summary>Takes no more connections. Those that wait are still accepted.</summary>
    public void Close()
    {
        _isClosed = true;
        _waiting.Writer.TryComplete();
    }
}

using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Proxy.Native;

namespace Proxy.Connections.Linux;

/// <summary>A connection as a stream, for TLS and for handlers that read bytes. One reader and one writer at a time.</summary>
internal class EpollStream(EpollConnection connection) : ConnectionStream, IReadyStream
{
    private PendingRead? _pending;
    private bool _isDrained; // the last read left nothing in the socket, so the next bytes cause an event of their own
    private bool _wasEmpty; // the last read found nothing, so an end causes an event, too

    protected EpollConnection Connection => connection;

    /// <summary>Reads available bytes; with an empty buffer, only waits until there are any.</summary>
    /// <exception cref="IOException">The connection is reset or closed.</exception>
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (MayHaveBytes)
        {
            try
            {
                if (TryRead(buffer.Span) is var count and >= 0)
                {
                    return new(count);
                }
            }
            catch (IOException exception)
            {
                return ValueTask.FromException<int>(exception);
            }
        }

        _pending ??= new PendingRead(this, connection.Readable);
        return _pending.Start(buffer, cancellationToken);
    }

    /// <inheritdoc />
    public ValueTask WaitAsync(CancellationToken cancellationToken) =>
        MayHaveBytes ? ValueTask.CompletedTask : connection.Readable.WaitAsync(cancellationToken);

    /// <inheritdoc />
    public ValueTask<int> TryReadAsync(Memory<byte> buffer)
    {
        try
        {
            return new(TryRead(buffer.Span));
        }
        catch (IOException exception)
        {
            return ValueTask.FromException<int>(exception);
        }
    }

    /// <summary>Reads without waiting. Events from now on are kept.</summary>
    /// <returns>The number of bytes, 0 at the end of the stream, or -1 if there are none now.</returns>
    /// <exception cref="IOException">The connection is reset or closed.</exception>
    public int TryRead(Span<byte> buffer)
    {
        if (connection.AheadCount > 0)
        {
            return connection.ReadAhead(buffer);
        }

        connection.Readable.Reset();
        _isDrained = _wasEmpty = false; // if it fails, so does the next read, for which no event is left
        var count = Receive(buffer);
        _wasEmpty = count < 0;
        _isDrained = _wasEmpty || (count > 0 && count < buffer.Length && !connection.ReadsStopShort);
        return count;
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty)
        {
            return ValueTask.CompletedTask;
        }

        try
        {
            var count = Send(buffer.Span);
            return count == buffer.Length ? ValueTask.CompletedTask : WriteRestAsync(buffer[Math.Max(count, 0)..], cancellationToken);
        }
        catch (IOException exception)
        {
            return ValueTask.FromException(exception);
        }
    }

    // The kernel has not taken all of it.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask WriteRestAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken)
    {
        while (!buffer.IsEmpty)
        {
            connection.Writable.Reset();
            var count = Send(buffer.Span);
            if (count >= 0)
            {
                buffer = buffer[count..];
            }
            else
            {
                await connection.Writable.WaitAsync(cancellationToken);
            }
        }
    }

    private bool MayHaveBytes => !_isDrained || connection.AheadCount > 0 || (!_wasEmpty && (connection.HasEnded || connection.IsClosing));

    // Returns -1 if there are no bytes now.
    private int Receive(Span<byte> buffer)
    {
        if (!connection.TryEnter())
        {
            throw Closed();
        }

        try
        {
            if (buffer.IsEmpty)
            {
                return connection.HasEnded || Descriptor.Unread(connection.Number) > 0 ? 0 : -1;
            }

            var count = Result(Descriptor.Receive(connection.Number, buffer));
            return count == 0 && connection.IsEndAReset ? throw Failure(new SocketException((int)SocketError.ConnectionReset)) : count;
        }
        finally
        {
            connection.Exit();
        }
    }

    private int Send(ReadOnlySpan<byte> bytes)
    {
        if (!connection.TryEnter())
        {
            throw Closed();
        }

        try
        {
            connection.BeforeSend(bytes.Length);
            return Result(Descriptor.Send(connection.Number, bytes));
        }
        finally
        {
            connection.Exit();
        }
    }

    private static int Result(int count) =>
        count >= 0 ? count
        : count == -Errno.Again ? -1
        : throw Failure(Errno.Exception(-count));

    private static IOException Failure(SocketException reason) => new(reason.Message, reason);

    private static IOException Closed() => Failure(new SocketException((int)SocketError.OperationAborted));
}

using Microsoft.AspNetCore.Connections;
using Proxy.Connections;

namespace Proxy.Multiplexing;

/// <summary>
/// Receives and sends bytes on a connection: directly on the socket if the transport supports it, otherwise through the connection's pipes.
/// </summary>
internal sealed class MessagePort
{
    private readonly ConnectionContext _connection;
    private readonly Stream _input;
    private readonly Stream _output;
    private readonly bool _isDirect;

    public MessagePort(ConnectionContext connection)
    {
        _connection = connection;
        var direct = (connection as TcpConnection)?.OpenStream();
        _isDirect = direct is not null;
        _input = direct ?? connection.Transport.Input.AsStream(leaveOpen: true);
        _output = direct ?? connection.Transport.Output.AsStream(leaveOpen: true);
    }

    /// <summary>Whether an exception of a read or write means that the connection was reset, lost or closed.</summary>
    public static bool IsEnd(Exception exception) =>
        exception is IOException or ConnectionAbortedException or ObjectDisposedException or System.Net.Sockets.SocketException;

    /// <summary>Receives at least one byte; returns 0 after FIN.</summary>
    public ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        _input.ReadAsync(buffer, cancellationToken);

    /// <summary>
    /// Sends all bytes. Failures are always returned in the task and never thrown, since the sender of a reply is not affected by the
    /// client's failure.
    /// </summary>
    public ValueTask SendAsync(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            return _isDirect ? _output.WriteAsync(bytes) : WriteAndFlushAsync(bytes);
        }
        catch (Exception exception) when (IsEnd(exception))
        {
            // The framework's stream throws synchronously if the socket was closed on our side.
            return ValueTask.FromException(exception);
        }
    }

    /// <summary>Sends FIN.</summary>
    public async ValueTask EndSendingAsync()
    {
        if (_isDirect)
        {
            ((TcpConnection)_connection).EndSending();
            return;
        }

        try
        {
            await _connection.Transport.Output.CompleteAsync();
        }
        catch (Exception exception) when (IsEnd(exception))
        {
            // The peer has gone already.
        }
    }

    private async ValueTask WriteAndFlushAsync(ReadOnlyMemory<byte> bytes)
    {
        await _output.WriteAsync(bytes);
        await _output.FlushAsync();
    }
}

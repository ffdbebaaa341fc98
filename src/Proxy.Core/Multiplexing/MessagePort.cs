using Microsoft.AspNetCore.Connections;
using Proxy.Connections;

namespace Proxy.Multiplexing;

/// <summary>A connection as bytes in and bytes out: straight from the socket where a transport of ours has it, else through its pipes.</summary>
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

    /// <summary>Whether a read or write failed because the connection is reset, lost or closed.</summary>
    public static bool IsEnd(Exception exception) =>
        exception is IOException or ConnectionAbortedException or ObjectDisposedException or System.Net.Sockets.SocketException;

    /// <summary>Receives what is there, at least one byte; 0 after FIN.</summary>
    public ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        _input.ReadAsync(buffer, cancellationToken);

    /// <summary>Sends all bytes. It never throws itself: what sends a reply has no part in what became of the client.</summary>
    public ValueTask SendAsync(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            return _isDirect ? _output.WriteAsync(bytes) : WriteAndFlushAsync(bytes);
        }
        catch (Exception exception) when (IsEnd(exception))
        {
            // The framework's stream throws at once where the socket is closed on our side.
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
            // The peer is gone already.
        }
    }

    private async ValueTask WriteAndFlushAsync(ReadOnlyMemory<byte> bytes)
    {
        await _output.WriteAsync(bytes);
        await _output.FlushAsync();
    }
}

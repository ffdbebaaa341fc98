using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Proxy.Testing;

/// <summary>A client whose every wait has a limit.</summary>
internal sealed class TcpClientSocket : IDisposable
{
    private readonly Socket _socket;
    private readonly bool _isReset;

    private TcpClientSocket(Socket socket, bool isReset = false) => (_socket, _isReset) = (socket, isReset);

    public static async Task<TcpClientSocket> ConnectAsync(EndPoint address)
    {
        var protocol = address is UnixDomainSocketEndPoint ? ProtocolType.Unspecified : ProtocolType.Tcp;
        var socket = new Socket(address.AddressFamily, SocketType.Stream, protocol);
        try
        {
            await socket.ConnectAsync(address);
            return new(socket);
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.ConnectionReset)
        {
            return new(socket, isReset: true); // refused at once: the reset came before connect returned
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public static Task<TcpClientSocket> ConnectAsync(int port) => ConnectAsync(new IPEndPoint(IPAddress.Loopback, port));

    public async Task SendAsync(string text)
    {
        if (!_isReset) // a socket whose connect was reset is not connected, and would throw
        {
            await _socket.SendAsync(Encoding.ASCII.GetBytes(text));
        }
    }

    public void End()
    {
        if (!_isReset)
        {
            _socket.Shutdown(SocketShutdown.Send);
        }
    }

    /// <summary>What comes next; empty at the end of the stream, null after a reset.</summary>
    public async Task<string?> ReadAsync()
    {
        if (_isReset)
        {
            return null; // connect has taken the error, and a read would say that the stream has ended
        }

        using var limit = new CancellationTokenSource(Eventually.Limit);
        var buffer = new byte[4096];
        try
        {
            return Encoding.ASCII.GetString(buffer, 0, await _socket.ReceiveAsync(buffer, limit.Token));
        }
        catch (SocketException)
        {
            return null;
        }
    }

    public async Task<string?> AskAsync(string text)
    {
        await SendAsync(text);
        return await ReadAsync();
    }

    public void Dispose() => _socket.Dispose();
}

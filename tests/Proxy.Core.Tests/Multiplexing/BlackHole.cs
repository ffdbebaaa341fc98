using System.Net;
using System.Net.Sockets;

namespace Proxy.Core.Tests.Multiplexing;

/// <summary>A port that answers nothing, as a host does that is switched off: nobody accepts here, and the queue for it is full.</summary>
internal sealed class BlackHole : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly Socket _filler = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    public BlackHole(int port)
    {
        var address = new IPEndPoint(IPAddress.Loopback, port);
        _listener.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        _listener.Bind(address);
        _listener.Listen(0);
        _filler.Connect(address);
    }

    public void Dispose()
    {
        _listener.Dispose();
        _filler.Dispose();
    }
}

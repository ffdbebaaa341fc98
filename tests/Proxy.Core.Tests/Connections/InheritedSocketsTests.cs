using System.Net;
using System.Net.Sockets;
using Proxy.Connections;
using Proxy.Connections.Sockets;
using Proxy.Timing;

namespace Proxy.Core.Tests.Connections;

public sealed class InheritedSocketsTests : IDisposable
{
    private readonly List<Socket> _sockets = [];

    [Theory]
    [InlineData("127.0.0.1", false, "127.0.0.1", false, true)]
    [InlineData("127.0.0.1", false, "0.0.0.0", false, false)]
    [InlineData("0.0.0.0", false, "127.0.0.1", false, false)]
    [InlineData("::", true, "::", true, true)]
    [InlineData("::", true, "::", false, false)]
    [InlineData("::", false, "::", true, false)]
    [InlineData("::", false, "::", false, true)]
    [InlineData("::1", true, "::1", false, true)]
    public void TryTake_Address_OnlyTheSame(string bound, bool boundDual, string wanted, bool wantedDual, bool expected)
    {
        using var inherited = Inherit(IPAddress.Parse(bound), boundDual, out var port);

        using var socket = inherited.TryTake(new ListenEndPoint(new IPEndPoint(IPAddress.Parse(wanted), port), dualStack: wantedDual));

        Assert.Equal(expected, socket is not null);
        Assert.Equal(expected ? 0 : 1, inherited.CloseUnused().Count);
    }

    [Fact]
    public void TryTake_AnotherPort_None()
    {
        using var inherited = Inherit(IPAddress.Loopback, false, out var port);
        Assert.Null(inherited.TryTake(new IPEndPoint(IPAddress.Loopback, port == 1 ? 2 : port - 1)));
        Assert.Null(inherited.TryTake(new UnixDomainSocketEndPoint("/run/x")));
    }

    [Fact]
    public async Task TryTake_ClosedAndAgain_ListensOnAndLosesNobody()
    {
        using var inherited = Inherit(IPAddress.Loopback, false, out var port);
        var address = new IPEndPoint(IPAddress.Loopback, port);
        inherited.TryTake(address)!.Dispose();

        // Nobody accepts now, and the client waits.
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(address);
        using var again = inherited.TryTake(address)!;

        Assert.True(inherited.IsTaken(address));
        Assert.Empty(inherited.CloseUnused());
        using var accepted = await again.AcceptAsync();
        Assert.Equal(client.LocalEndPoint, accepted.RemoteEndPoint);
    }

    /// <summary>An earlier process has accepted with the event loops, and this one does otherwise: what it has sent when it closes must arrive.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task TryTake_SocketWhoseConnectionsAreResetByClose_NotForThePortableTransportAndKestrel(bool isPortable)
    {
        using var inherited = Inherit(IPAddress.Loopback, false, out var port);
        _sockets[0].LingerState = new LingerOption(enable: true, seconds: 0);
        var address = new IPEndPoint(IPAddress.Loopback, port);

        using var clock = new DeadlineClock(TimeProvider.System);
        using var socket = inherited.TryTake(isPortable ? new ListenEndPoint(address) : address)!;
        await using var listener = isPortable
            ? new SocketConnectionListener(new BoundSocket(socket, Outlives: true), new(new(), clock, TimeProvider.System))
            : null;

        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(address);
        using var accepted = await socket.AcceptAsync();
        Assert.False(accepted.LingerState!.Enabled);
    }

    [Fact]
    public void TryTake_UnixSocket_ByItsPathAndTheFileStays()
    {
        var path = Path.Combine(Path.GetTempPath(), $"inherited-{Guid.NewGuid():n}");
        var descriptor = Bind(
            new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified),
            new UnixDomainSocketEndPoint(path)
        );
        using (var inherited = new InheritedSockets([new(Foreign(descriptor), "")]))
        {
            inherited.TryTake(new ListenEndPoint(new UnixDomainSocketEndPoint(path)))!.Dispose();
        }

        Assert.True(File.Exists(path));
    }

    public void Dispose() => _sockets.ForEach(static socket => socket.Dispose());

    private InheritedSockets Inherit(IPAddress address, bool dual, out int port)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        if (address.AddressFamily == AddressFamily.InterNetworkV6)
        {
            socket.DualMode = dual;
        }

        Bind(socket, new IPEndPoint(address, 0));
        port = ((IPEndPoint)socket.LocalEndPoint!).Port;
        return new InheritedSockets([new(Foreign(socket), "web")]);
    }

    private Socket Bind(Socket socket, EndPoint address)
    {
        _sockets.Add(socket);
        socket.Bind(address);
        socket.Listen();
        return socket;
    }

    /// <summary>As it comes from another process: a number, of which nothing is known.</summary>
    private static Socket Foreign(Socket socket) => new(new SafeSocketHandle(socket.SafeHandle.DangerousGetHandle(), ownsHandle: false));
}

using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Connections;
using Proxy.Connections.Linux;

namespace Proxy.Core.Tests.Connections.Linux;

public sealed class EpollListenerTests : IDisposable
{
    private readonly EventLoopGroup _loops = new(1, null, NullLogger.Instance);

    /// <summary>As those are for which a service manager has started the process: they wait before there is a listener of ours.</summary>
    [Fact]
    public async Task Accept_ClientsBeforeAndAfterTheListener_AllSendAtOnceAndAreResetByACrash()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        socket.Listen();
        using var earlier = await ConnectAsync(socket.LocalEndPoint!);
        await using var listener = new EpollListener(new BoundSocket(socket, Outlives: true), new(_loops, new()));
        await AssertOptionsAsync(listener.AcceptAsync().AsTask());

        var accepting = listener.AcceptAsync().AsTask();
        await Eventually.TrueAsync(() => !listener.MayHaveEarlier);
        using var later = await ConnectAsync(listener.EndPoint);
        await AssertOptionsAsync(accepting);
    }

    /// <summary>The number of the closed descriptor is that of another socket soon, and its clients are not those of the listener.</summary>
    [Fact]
    public async Task Dispose_AnAcceptIsAboutToLookAgain_EndsWithoutAClientOfAnother()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        var loop = _loops.Loops[0];
        var bound = Loopback.Listen();
        var listener = new EpollListener(new BoundSocket(bound, Outlives: false), new(_loops, new()));
        listener.AcceptInline();
        var accepting = listener.AcceptAsync().AsTask();
        await Eventually.TrueAsync(() => !listener.MayHaveEarlier && loop.TurnBegan == 0);
        using var holding = new Holding();
        loop.Post(holding);
        await Eventually.TrueAsync(() => holding.Runs);

        await listener.UnbindAsync();
        await listener.DisposeAsync();
        using var other = Loopback.Listen();
        using var client = await ConnectAsync(other.LocalEndPoint!);
        holding.LetGo();

        Assert.Null(await accepting.WaitAsync(Eventually.Limit));
        using var accepted = await other.AcceptWithinAsync();
        Assert.Equal(client.LocalEndPoint, accepted.RemoteEndPoint);
    }

    /// <summary>The same, if it is disposed of twice: what has the number now is watched on.</summary>
    [Fact]
    public async Task Dispose_Twice_AnotherSocketIsStillWatched()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        var listener = new EpollListener(new BoundSocket(Loopback.Listen(), Outlives: false), new(_loops, new()));
        listener.AcceptInline();
        _ = listener.AcceptAsync().AsTask();
        await Eventually.TrueAsync(() => !listener.MayHaveEarlier && _loops.Loops[0].TurnBegan == 0);
        await listener.DisposeAsync();
        await using var other = new EpollListener(new BoundSocket(Loopback.Listen(), Outlives: false), new(_loops, new()));
        other.AcceptInline();
        var accepting = other.AcceptAsync().AsTask();
        await Eventually.TrueAsync(() => !other.MayHaveEarlier && _loops.Loops[0].TurnBegan == 0);

        await listener.DisposeAsync();

        using var client = await ConnectAsync(other.EndPoint);
        await using var accepted = await accepting.WaitAsync(Eventually.Limit);
        Assert.Equal(client.LocalEndPoint, accepted!.RemoteEndPoint);
    }

    public void Dispose() => _loops.Dispose();

    private static async Task AssertOptionsAsync(Task<ConnectionContext?> accepting)
    {
        await using var connection = await accepting.WaitAsync(Eventually.Limit);
        var socket = connection!.Features.Get<IConnectionSocketFeature>()!.Socket;
        Assert.Equal((true, 0), (socket.LingerState!.Enabled, socket.LingerState.LingerTime));
        Assert.True(socket.NoDelay);
        Assert.Equal(1, (int)socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive)!);
    }

    private static async Task<Socket> ConnectAsync(EndPoint address)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(address);
        return socket;
    }
}

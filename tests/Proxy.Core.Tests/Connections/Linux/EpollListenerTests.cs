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

using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Connections;
using Proxy.Connections.Linux;

namespace Proxy.Core.Tests.Connections.Linux;

public sealed class EpollSocketTests : IDisposable
{
    private readonly EventLoopGroup _loops = new(1, null, NullLogger.Instance);

    /// <summary>The kernel holds back small segments behind unacknowledged bytes; what is sent first, and is one segment, it never does.</summary>
    [Theory]
    [InlineData(new[] { 512 }, false)]
    [InlineData(new[] { 513 }, true)]
    [InlineData(new[] { 1, 1 }, true)]
    public async Task Send_OnADialedConnection_SendsAtOnceFromTheFirstBytesThatTheKernelMightHold(int[] writes, bool expected)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        using var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        server.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        server.Listen();
        var factory = new EpollConnectionFactory(new(_loops, new()), TimeProvider.System);
        await using var dialed = (TcpConnection)await factory.ConnectAsync(server.LocalEndPoint!);
        var socket = dialed.Features.Get<IConnectionSocketFeature>()!.Socket;
        Assert.Equal((true, 0), (socket.LingerState!.Enabled, socket.LingerState.LingerTime)); // a crash resets it
        Assert.False(socket.NoDelay);

        foreach (var count in writes)
        {
            await dialed.OpenStream()!.WriteAsync(new byte[count]);
        }

        Assert.Equal(expected, socket.NoDelay);
    }

    public void Dispose() => _loops.Dispose();
}

using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Connections;
using Proxy.Connections.Linux;

namespace Proxy.Core.Tests.Connections.Linux;

public sealed class EpollListenerTests : IDisposable
{
    private const int LongestName = 108; // bytes, without a zero at the end: unix(7)

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

        // Another test may have got the number.
        await Eventually.TrueAsync(async () =>
        {
            var (listener, number) = Listen();
            var accepting = listener.AcceptAsync().AsTask();
            await WatchedAsync(listener);
            using var holding = new Holding();
            _loops.Loops[0].Post(holding);
            await Eventually.TrueAsync(() => holding.Runs);

            await listener.UnbindAsync();
            await listener.DisposeAsync();
            using var other = Loopback.Listen();
            using var client = await ConnectAsync(other.LocalEndPoint!);
            holding.LetGo();

            Assert.Null(await accepting.WaitAsync(Eventually.Limit));
            using var accepted = await other.AcceptWithinAsync();
            Assert.Equal(client.LocalEndPoint, accepted.RemoteEndPoint);
            return (int)other.Handle == number;
        });
    }

    /// <summary>The same, if it is disposed of twice: what has the number now is watched on.</summary>
    [Fact]
    public async Task Dispose_Twice_AnotherSocketIsStillWatched()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        await Eventually.TrueAsync(async () =>
        {
            var (listener, number) = Listen();
            _ = listener.AcceptAsync().AsTask();
            await WatchedAsync(listener);
            await listener.DisposeAsync();
            var (other, otherNumber) = Listen();
            await using var disposed = other;
            var accepting = other.AcceptAsync().AsTask();
            await WatchedAsync(other);

            await listener.DisposeAsync();

            using var client = await ConnectAsync(other.EndPoint);
            await using var accepted = await accepting.WaitAsync(Eventually.Limit);
            Assert.Equal(client.LocalEndPoint, accepted!.RemoteEndPoint);
            return otherNumber == number;
        });
    }

    /// <summary>The name is the client's choice; of this length .NET has no end point.</summary>
    [Fact]
    public async Task Accept_ClientWithTheLongestName_IsAcceptedAndTheListenerCanBeDisposed()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        var path = Loopback.NewUnixPath();
        var name = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}").PadRight(LongestName, 'x');
        var listener = new EpollListener(new BoundSocket(Loopback.ListenUnix(path), Outlives: false), new(_loops, new()));
        try
        {
            using var client = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            Assert.Equal(0, Bind((int)client.Handle, [1, 0, .. System.Text.Encoding.ASCII.GetBytes(name)], LongestName + 2));
            var accepting = listener.AcceptAsync().AsTask();
            await client.ConnectAsync(new UnixDomainSocketEndPoint(path));

            await using var accepted = await accepting.WaitAsync(Eventually.Limit);
            Assert.Null(accepted!.RemoteEndPoint);
        }
        finally
        {
            await Task.Run(async () => await listener.DisposeAsync()).WaitAsync(Eventually.Limit);
            File.Delete(path);
            File.Delete(name);
        }
    }

    public void Dispose() => _loops.Dispose();

    private (EpollListener Listener, int Number) Listen()
    {
        var socket = Loopback.Listen();
        var listener = new EpollListener(new BoundSocket(socket, Outlives: false), new(_loops, new()));
        listener.AcceptInline();
        return (listener, (int)socket.Handle);
    }

    // Until the accept has found the queue empty and waits for the loop's event.
    private Task WatchedAsync(EpollListener listener) =>
        Eventually.TrueAsync(() => !listener.MayHaveEarlier && _loops.Loops[0].TurnBegan == 0);

    [DllImport("libc", EntryPoint = "bind")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Bind(int descriptor, byte[] address, int length);

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

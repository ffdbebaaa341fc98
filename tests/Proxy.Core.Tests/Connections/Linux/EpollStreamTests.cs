using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Connections;
using Proxy.Connections.Linux;

namespace Proxy.Core.Tests.Connections.Linux;

/// <summary>Reads that are repeated after one which failed: no event is left that could end a wait.</summary>
public sealed class EpollStreamTests : IDisposable
{
    private readonly EventLoopGroup _loops = new(1, null, NullLogger.Instance);

    /// <summary>Whether our side closes instead of a reset by the peer, and whether a read waits then.</summary>
    public static TheoryData<bool, bool> Ways { get; } =
        new()
        {
            { false, false },
            { false, true },
            { true, false },
            { true, true },
        };

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Read_AfterOneThatFailed_FailsAtOnce(bool closes, bool waits)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        var (peer, ours, stream) = await ConnectAsync();
        var waiting = waits ? stream.ReadAsync(new byte[10]).AsTask() : null;
        Assert.NotEqual(true, waiting?.IsCompleted);

        await LoseAsync(peer, ours, closes);

        await Assert.ThrowsAsync<IOException>(() => waiting ?? stream.ReadAsync(new byte[10]).AsTask()).WaitAsync(Eventually.Limit);
        for (var i = 0; i < 3; i++)
        {
            var again = stream.ReadAsync(new byte[10]).AsTask();
            Assert.True(again.IsCompleted);
            await Assert.ThrowsAsync<IOException>(() => again);
        }

        await ours.DisposeAsync();
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task TryRead_AfterOneThatFailed_WaitIsOverAndItFails(bool closes, bool waits)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        var (peer, ours, stream) = await ConnectAsync();
        var ready = (IReadyStream)stream;
        Assert.Equal(-1, await ready.TryReadAsync(new byte[10]));
        var waiting = waits ? ready.WaitAsync(default).AsTask() : null;

        await LoseAsync(peer, ours, closes);

        await (waiting ?? ready.WaitAsync(default).AsTask()).WaitAsync(Eventually.Limit);
        for (var i = 0; i < 3; i++)
        {
            await Assert.ThrowsAsync<IOException>(async () => await ready.TryReadAsync(new byte[10]));
            Assert.True(ready.WaitAsync(default).AsTask().IsCompleted);
        }

        await ours.DisposeAsync();
    }

    public void Dispose() => _loops.Dispose();

    private static async Task LoseAsync(Socket peer, TcpConnection ours, bool closes)
    {
        if (closes)
        {
            ours.Abort(new ConnectionAbortedException());
            peer.Dispose();
        }
        else
        {
            peer.Close(0);
            await Eventually.TrueAsync(() => ours.HasPeerEnded);
        }
    }

    private async Task<(Socket Peer, TcpConnection Ours, Stream Stream)> ConnectAsync()
    {
        var (peer, ours) = await Loopback.ConnectAsync(new EpollTransportFactory(new(_loops, new())));
        var connection = (TcpConnection)ours;
        return (peer, connection, connection.OpenStream()!);
    }
}

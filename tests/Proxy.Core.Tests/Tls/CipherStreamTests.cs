using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Connections;
using Proxy.Connections.Linux;
using Proxy.Core.Tests.Connections;
using Proxy.Tls;

namespace Proxy.Core.Tests.Tls;

/// <summary>The encrypted bytes of a peer that sends without end, such as records that hold nothing.</summary>
public sealed class CipherStreamTests : IDisposable
{
    private readonly EventLoopGroup _loops = new(1, null, NullLogger.Instance);

    [Fact]
    public async Task Read_BytesAreAlwaysThere_OthersOfTheLoopHaveTheirTurns()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        var (peer, ours) = await Loopback.ConnectAsync(
            new EpollTransportFactory(new(_loops, new())),
            new IPEndPoint(IPAddress.Loopback, 0)
        );
        using var owned = peer;
        await using var connection = (TcpConnection)ours;
        var cipher = new CipherStream(new EndlessConnection(connection).OpenStream()) { Turn = new(connection) };
        var buffer = new byte[16 * 1024];

        var (total, reading) = (0, default(ValueTask<int>));
        while ((reading = cipher.ReadAsync(buffer)).IsCompleted)
        {
            total += await reading;
            Assert.True(total <= BufferPool.BufferSize, $"{total} bytes in one turn");
        }

        Assert.Equal(buffer.Length, await reading.AsTask().WaitAsync(Eventually.Limit));
        Assert.False(cipher.HasEnded);
    }

    public void Dispose() => _loops.Dispose();
}

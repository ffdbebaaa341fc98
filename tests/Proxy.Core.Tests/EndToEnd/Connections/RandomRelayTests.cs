using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Connections;
using Proxy.Connections.Linux;
using Proxy.Connections.Sockets;
using Proxy.Core.Tests.Connections;
using Proxy.Diagnostics;
using Proxy.Timing;

namespace Proxy.Core.Tests.EndToEnd.Connections;

/// <summary>
/// Two peers that send, stall, read slowly, end and reset at random. Whatever happens: what arrives is what was sent, an end is
/// passed on only after everything, and nothing is left. PROXY_SOAK_SECONDS makes it longer.
/// </summary>
public sealed class RandomRelayTests : IDisposable
{
    private const int AtOnce = 16;
    private readonly BufferPool _buffers = new();
    private readonly DeadlineClock _clock = new(TimeProvider.System);
    private readonly EventLoopGroup _loops = new(2, null, NullLogger.Instance);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Run_RandomPeers_BytesAreExactAndNoCutLooksComplete(bool loops)
    {
        var seconds = int.TryParse(Environment.GetEnvironmentVariable("PROXY_SOAK_SECONDS"), out var soak) ? soak : 5;
        var started = TimeProvider.System.GetTimestamp();
        var seed = Random.Shared.Next();
        do
        {
            await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(_ => RunOneAsync(loops && OperatingSystem.IsLinux(), seed++)));
        } while (TimeProvider.System.GetElapsedTime(started).TotalSeconds < seconds);

        await Eventually.TrueAsync(() => _buffers.Outstanding == 0 && _clock.Count == 0);
    }

    public void Dispose()
    {
        _clock.Dispose();
        _loops.Dispose();
    }

    private async Task RunOneAsync(bool loops, int seed)
    {
        var random = new Random(seed);
        var unix = random.Next(8) == 0;
        var (clientSocket, accepted) = await PairAsync(loops, unix);
        var (upstreamSocket, dialed) = await PairAsync(loops, unix: false);
        var record = new ConnectionRecord(accepted, "test", "", TimeProvider.System);
        var relay = new Relay(_clock).RunAsync(accepted, dialed, new RelayOptions(), record).AsTask();
        using var client = new RandomPeer(clientSocket, random.Next());
        using var upstream = new RandomPeer(upstreamSocket, random.Next());

        await Task.WhenAll(client.RunAsync(), upstream.RunAsync()).WaitAsync(Eventually.Limit);
        var outcome = await relay.WaitAsync(Eventually.Limit);
        await accepted.DisposeAsync();
        await dialed.DisposeAsync();

        var what = $"seed {seed}, unix {unix}, {outcome}; client {client}; upstream {upstream}";
        Check(client, upstream, unix, what);
        Check(upstream, client, unix, what);
        if (!client.Resets && !upstream.Resets)
        {
            Assert.True(outcome == ConnectionOutcome.Completed && client.SawEnd && upstream.SawEnd, what);
        }
    }

    private static void Check(RandomPeer reader, RandomPeer writer, bool unix, string what)
    {
        Assert.True(reader.ReceivedIsPrefixOf(writer), what);
        // A unix socket has no reset to tell: there a cut is an end. To a peer that was met by a reset while it wrote, or resets
        // itself, a read tells the end of the socket.
        if (reader.SawEnd && !reader.Resets && !unix)
        {
            Assert.True(writer.Ended && reader.Received == writer.Sent, what);
        }
    }

    private Task<(Socket Peer, ConnectionContext Ours)> PairAsync(bool loops, bool unix)
    {
        IConnectionListenerFactory factory = loops
            ? new EpollTransportFactory(new EpollDependencies(_loops, _buffers))
            : new SocketTransportFactory(_buffers, _clock, TimeProvider.System);
        return Loopback.ConnectAsync(factory, unix ? new UnixDomainSocketEndPoint(Loopback.NewUnixPath()) : null);
    }
}

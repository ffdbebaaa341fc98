using System.Net.Sockets;
using Proxy.Core.Tests.Channels.Tunnel;

namespace Proxy.Core.Tests.EndToEnd.Channels;

/// <summary>Peers that flood the tunnel's port with what HTTP/2 allows.</summary>
[Collection(Alone.Name)]
public sealed class FloodTests
{
    private const byte Continuation = 9;
    private const int Most = 100_000;
    private const long MostMemory = 100 << 20;

    [Fact]
    public async Task Open_ResetAtOnceManyTimes_ConnectionEndsAndOthersAreServed()
    {
        await using var bed = await TunnelBed.StartAsync();
        bed.Legacy.Listen(512);
        await using var attacker = await bed.ConnectAsync();
        var ended = attacker.ReadToCloseAsync();
        var before = GC.GetTotalMemory(forceFullCollection: true);

        var sent = await FloodAsync(
            async i =>
            {
                var stream = (2 * i) + 1;
                await bed.OpenAsync(attacker, "CONNECT", stream);
                await attacker.ResetAsync(stream, 8);
            },
            ended
        );

        Assert.InRange(sent, 1, Most - 1);
        await ServedAsync(bed);
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, MostMemory);
    }

    [Fact]
    public async Task Open_HeadersThatNeverEnd_ConnectionEndsAndOthersAreServed()
    {
        await using var bed = await TunnelBed.StartAsync();
        bed.Legacy.Listen(512);
        await using var attacker = await bed.ConnectAsync();
        var ended = attacker.ReadToCloseAsync();
        var before = GC.GetTotalMemory(forceFullCollection: true);
        await attacker.SendAsync(RawHttp2.Headers, 0, 1, [0, 1, (byte)'a', 1, (byte)'b']);

        // Fields that are short and never end, which cost more than their bytes.
        byte[] fields = [.. Enumerable.Repeat<byte[]>([0, 1, (byte)'a', 1, (byte)'b'], 1000).SelectMany(static field => field)];
        var sent = await FloodAsync(_ => attacker.SendAsync(Continuation, 0, 1, fields), ended);

        Assert.InRange(sent, 1, Most - 1);
        await ServedAsync(bed);
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, MostMemory);
    }

    /// <summary>Sends until the peer has ended the connection; returns how often, the time that failed included.</summary>
    private static async Task<int> FloodAsync(Func<int, Task> send, Task ended)
    {
        for (var i = 0; i < Most; i++)
        {
            try
            {
                await send(i).WaitAsync(Eventually.Limit);
            }
            catch (Exception exception) when (exception is IOException or SocketException)
            {
                return i + 1;
            }

            if (ended.IsCompleted)
            {
                return i + 1;
            }
        }

        return Most;
    }

    private static async Task ServedAsync(TunnelBed bed)
    {
        await using var client = await bed.ConnectAsync();
        await bed.OpenAsync(client, "CONNECT", 1);
        Assert.Equal("200", await client.StatusAsync(1));
    }
}

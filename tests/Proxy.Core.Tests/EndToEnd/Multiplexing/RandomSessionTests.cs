using System.Globalization;
using System.Runtime.CompilerServices;
using Proxy.Core.Tests.Multiplexing;

namespace Proxy.Core.Tests.EndToEnd.Multiplexing;

/// <summary>
/// Clients that come and go, a device that misbehaves, edits, and time that runs a hundred times as fast: every request bears its client's and its own
/// number, and what comes back is the reply to it or nothing. PROXY_SOAK_SECONDS says how long.
/// </summary>
public sealed class RandomSessionTests : SessionTestBase
{
    private const int Clients = 12;
    private readonly CancellationTokenSource _over = new();
    private readonly ConditionalWeakTable<MultiplexPeer, SemaphoreSlim> _turns = []; // one reply at a time on each connection of the device
    private bool _oneAtATime;
    private int _answered;
    private int _refused;

    private static TimeSpan Duration =>
        TimeSpan.FromSeconds(
            double.TryParse(Environment.GetEnvironmentVariable("PROXY_SOAK_SECONDS"), CultureInfo.InvariantCulture, out var seconds)
                ? seconds
                : 3
        );

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Ask_ModbusWithIds_NoReplyReachesTheWrongClient(string transport)
    {
        Device = Add(new Device(Device.ModbusTcp));
        Device.OnMessage = MisbehaveAsync;
        await StartAsync(transport, Settings(new Random(1)));

        await RunAsync(Settings, ModbusClientAsync);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Ask_LinesWithoutIds_NoReplyReachesTheWrongClient(string transport)
    {
        Device.OnMessage = MisbehaveInOrderAsync;
        await StartAsync(transport, LineSettings(new Random(1)));

        await RunAsync(LineSettings, LineClientAsync);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Ask_LinesOneAtATimeTwiceAnswered_NoReplyReachesTheWrongClient(string transport)
    {
        _oneAtATime = true;
        Device.OnMessage = MisbehaveInOrderAsync;
        await StartAsync(transport, LineSettings(new Random(1)));

        await RunAsync(LineSettings, LineClientAsync);
    }

    private static string Settings(Random random) =>
        $$"""
            "Protocol": "modbus-tcp", "ResponseTimeout": "00:00:0{{random.Next(1, 5)}}", "MaxInFlight": {{random.Next(1, 5)}},
            "Connections": {{random.Next(1, 3)}}, "RetryDelay": "00:00:00.200", "MaxRetryDelay": "00:00:01",
            "LateReply": "{{(random.Next(3) == 0 ? "Reconnect" : "Discard")}}", "Modbus": { "CacheFor": "00:00:0{{random.Next(0, 2)}}" }
            """;

    private string LineSettings(Random random) =>
        $$"""
            "Protocol": "line", "ResponseTimeout": "00:00:0{{random.Next(1, 5)}}", "MaxInFlight": {{(_oneAtATime ? 1 : random.Next(1, 3))}},
            "RetryDelay": "00:00:00.200", "MaxRetryDelay": "00:00:01", "MaxAge": "00:00:{{random.Next(10, 60)}}"
            """;

    private async Task RunAsync(Func<Random, string> settings, Func<MultiplexPeer, Random, int, Task> client)
    {
        using var ended = new CancellationTokenSource();
        var stop = ended.Token;
        var clock = Task.Run(() => RunClockAsync(stop));
        try
        {
            await LiveAllAsync(settings, client);
        }
        finally
        {
            await _over.CancelAsync();
            await ended.CancelAsync();
            await clock;
        }
    }

    private async Task LiveAllAsync(Func<Random, string> settings, Func<MultiplexPeer, Random, int, Task> client)
    {
        var started = TimeProvider.System.GetTimestamp();
        var clients = Enumerable.Range(0, Clients).Select(number => Task.Run(() => LiveAsync(number, client))).ToList();
        var edits = new Random(7);
        while (!IsOver(TimeProvider.System.GetElapsedTime(started)) && !clients.Exists(static live => live.IsFaulted))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(150), TimeProvider.System, CancellationToken.None);
            await EditAsync(settings(edits), $"\"QueueTimeout\": \"00:00:0{edits.Next(1, 9)}\"");
            if (edits.Next(4) == 0)
            {
                Multiplexer.Registry.Renew("c", "d");
            }
        }

        await _over.CancelAsync();
        await Task.WhenAll(clients).WaitAsync(Eventually.Limit);
        await Eventually.TrueAsync(() =>
            Multiplexer.Status is { Queued: 0, Clients.Count: 0, Upstreams.Count: 0 } && Multiplexer.Tracker.Count == 0
        );
        await Eventually.TrueAsync(() => Device.Connections.Open == 0);
        Assert.True(_answered > 100, $"Only {_answered} were answered, {_refused} were not.");
    }

    // Where much else runs, it takes longer than the duration until enough was answered.
    private bool IsOver(TimeSpan passed) =>
        passed >= Duration && (Volatile.Read(ref _answered) > 100 || passed >= Duration + Eventually.Limit);

    // Longer than the clients: they wait for what only time brings, and so does what they leave in flight.
    private async Task RunClockAsync(CancellationToken ended)
    {
        while (!ended.IsCancellationRequested)
        {
            Time.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System, CancellationToken.None);
        }
    }

    private async Task LiveAsync(int number, Func<MultiplexPeer, Random, int, Task> client)
    {
        var random = new Random(number);
        while (!_over.IsCancellationRequested)
        {
            using var peer = await Multiplexer.ConnectAsync();
            await client(peer, random, number);
            if (random.Next(4) == 0)
            {
                peer.Reset();
            }
        }
    }

    private async Task ModbusClientAsync(MultiplexPeer peer, Random random, int number)
    {
        for (var round = random.Next(1, 20); round > 0 && !_over.IsCancellationRequested; round--)
        {
            var first = (number << 12) | random.Next(0xF00);
            var count = random.Next(1, 6);
            // A client that has one id under way twice cannot tell the replies apart, whoever sends them.
            var ids = Enumerable.Range(random.Next(0x10000), count).Select(static id => id & 0xFFFF).ToList();
            await peer.SendAsync([
                .. ids.SelectMany((id, index) => ModbusMessages.Tcp(id, ModbusMessages.Read((byte)random.Next(1, 4), first + index))),
            ]);
            for (var index = 0; index < count; index++)
            {
                if (random.Next(60) == 0)
                {
                    return; // leaves in the middle
                }

                var adu = await peer.ReadReplyAsync(ids[index]);
                if (adu.Length == 0)
                {
                    return;
                }

                Count(adu[1] == 3);
                Assert.True(
                    adu[1] == 0x83 || adu.AsSpan(1).SequenceEqual(ModbusMessages.Value(0, first + index).AsSpan(1)),
                    $"{number} asked for {first + index:X4} as {ids[index]:X4}: {Convert.ToHexString(adu)}"
                );
            }
        }
    }

    private async Task LineClientAsync(MultiplexPeer peer, Random random, int number)
    {
        for (var round = random.Next(1, 20); round > 0 && !_over.IsCancellationRequested; round--)
        {
            var first = random.Next(1_000_000);
            var count = random.Next(1, 4);
            await peer.SendAsync(string.Concat(Enumerable.Range(first, count).Select(request => $"{number}.{request}\n")));
            for (var request = first; request < first + count; request++)
            {
                var reply = await peer.ReadLineAsync();
                Count(reply.StartsWith('='));
                if (reply is "" or "reset")
                {
                    return;
                }

                Assert.Equal($"={number}.{request}", reply);
            }
        }
    }

    private void Count(bool isAnswered)
    {
        if (isAnswered)
        {
            Interlocked.Increment(ref _answered);
        }
        else
        {
            Interlocked.Increment(ref _refused);
        }
    }

    private async Task MisbehaveAsync(byte[] message, MultiplexPeer peer)
    {
        var reply = ModbusMessages.Tcp((message[0] << 8) | message[1], ModbusMessages.Value(message[6], (message[8] << 8) | message[9]));
        await InTurnAsync(peer, () => MisbehaveAsync(message, reply, peer));
    }

    // A reply that comes late may not get into one that is sent in pieces or cut off: together they would be a whole reply that nobody can tell is wrong.
    private async Task InTurnAsync(MultiplexPeer peer, Func<Task> send)
    {
        var turn = _turns.GetValue(peer, static _ => new SemaphoreSlim(1));
        await turn.WaitAsync(Eventually.Limit);
        try
        {
            await send();
        }
        finally
        {
            turn.Release();
        }
    }

    // Late, twice, out of order, unasked for, in pieces, cut off, or not at all.
    private async Task MisbehaveAsync(byte[] message, byte[] reply, MultiplexPeer peer)
    {
        switch (Random.Shared.Next(40))
        {
            case 0:
                return;
            case 1:
                await peer.SendAsync([.. reply, .. reply]);
                return;
            case 2:
                // An id that nobody has now: those given are one after the other.
                await peer.SendAsync([(byte)(message[0] ^ 0x40), .. reply[1..], .. reply]);
                return;
            case 3:
                await peer.SendAsync(reply[..Random.Shared.Next(reply.Length)]);
                peer.Dispose();
                return;
            case 4:
                peer.Reset();
                return;
            case 5:
                _ = SendLaterAsync(peer, reply);
                return;
            case 6:
                foreach (var octet in reply)
                {
                    await peer.SendAsync([octet]);
                }

                return;
            case 7:
                await peer.SendAsync([0xFF, 0xFF, 0, 0, 0, 0, 0]); // nonsense
                return;
            default:
                await peer.SendAsync(reply);
                return;
        }
    }

    // Without ids a reply that comes one too many later on cannot be told from the next one, so that this device does all but that.
    private async Task MisbehaveInOrderAsync(byte[] message, MultiplexPeer peer)
    {
        byte[] reply = [(byte)'=', .. message];
        switch (Random.Shared.Next(40))
        {
            case 0:
                peer.Reset();
                return;
            case 1:
                await peer.SendAsync(reply[..Random.Shared.Next(reply.Length)]);
                peer.Dispose();
                return;
            case 2:
                foreach (var octet in reply)
                {
                    await peer.SendAsync([octet]);
                }

                return;
            case 3:
                await Task.Delay(TimeSpan.FromMilliseconds(60), TimeProvider.System, CancellationToken.None); // seconds, to the proxy
                await peer.SendAsync(reply);
                return;
            case 4 when _oneAtATime:
                await peer.SendAsync([.. reply, .. reply]); // with one request in flight, what comes with its reply is nobody's
                return;
            default:
                await peer.SendAsync(reply);
                return;
        }
    }

    private async Task SendLaterAsync(MultiplexPeer peer, byte[] reply)
    {
        try
        {
            await Task.Delay(TimeSpan.FromMilliseconds(60), TimeProvider.System, CancellationToken.None);
            await InTurnAsync(peer, () => peer.SendAsync(reply));
        }
        catch (Exception exception) when (exception is System.Net.Sockets.SocketException or ObjectDisposedException)
        {
            // The proxy has given it up.
        }
    }
}

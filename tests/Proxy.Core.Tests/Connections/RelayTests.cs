using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Proxy.Connections;
using Proxy.Connections.Sockets;
using Proxy.Diagnostics;

namespace Proxy.Core.Tests.Connections;

/// <summary>A client, the relay and an upstream on real sockets; both ways of relaying.</summary>
public sealed class RelayTests : IAsyncLifetime
{
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(20);
    private readonly BufferPool _buffers = new();
    private readonly DeadlineClock _clock = new(TimeProvider.System);
    private readonly List<IAsyncDisposable> _open = [];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Run_BytesBothWays_ArriveWholeAndCounted(bool pipes)
    {
        var (client, upstream, relay, record) = await StartAsync(pipes);
        var payload = new byte[3_000_000];
        Random.Shared.NextBytes(payload);

        var sending = SendAndEndAsync(client, payload);
        var received = await ReadToEndAsync(upstream);
        await sending;
        await SendAndEndAsync(upstream, payload.AsMemory(0, 1_000_000));
        var answer = await ReadToEndAsync(client);

        Assert.Equal(payload, received);
        Assert.Equal(payload[..1_000_000], answer);
        Assert.Equal(ConnectionOutcome.Completed, await relay.WaitAsync(_limit));
        Assert.Equal((3_000_000, 1_000_000), (record.ClientBytes, record.UpstreamBytes));
        Assert.Equal(0, _buffers.Outstanding);
        Assert.Equal(0, _clock.Count);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Run_UpstreamEndsFirst_ClientMayStillSend(bool pipes)
    {
        var (client, upstream, relay, _) = await StartAsync(pipes);

        await SendAndEndAsync(upstream, "greeting"u8.ToArray());
        Assert.Equal("greeting"u8.ToArray(), await ReadToEndAsync(client));
        await SendAndEndAsync(client, "late"u8.ToArray());

        Assert.Equal("late"u8.ToArray(), await ReadToEndAsync(upstream));
        Assert.Equal(ConnectionOutcome.Completed, await relay.WaitAsync(_limit));
    }

    [Fact]
    public async Task Run_ClientResets_UpstreamGetsBytesThenReset()
    {
        var (client, upstream, relay, _) = await StartAsync(pipes: false);

        await client.SendAsync("last words"u8.ToArray());
        client.Close(0);
        var (bytes, reset) = await ReadToResetAsync(upstream);

        Assert.Equal("last words"u8.ToArray(), bytes);
        Assert.True(reset);
        Assert.Equal(ConnectionOutcome.ClientReset, await relay.WaitAsync(_limit));
    }

    [Fact]
    public async Task Run_UpstreamResetsAfterItsFin_ClientIsReset()
    {
        var (client, upstream, relay, _) = await StartAsync(pipes: false);

        await SendAndEndAsync(upstream, "bye"u8.ToArray());
        Assert.Equal("bye"u8.ToArray(), await ReadToEndAsync(client));
        upstream.Close(0);
        var outcome = SendUntilResetAsync(client);

        Assert.True(await outcome.WaitAsync(_limit));
        Assert.Equal(ConnectionOutcome.UpstreamReset, await relay.WaitAsync(_limit));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Run_Idle_BothReset(bool pipes)
    {
        var (client, upstream, relay, _) = await StartAsync(pipes, new() { IdleTimeout = TimeSpan.FromMilliseconds(200) });

        Assert.True((await ReadToResetAsync(client)).Reset);
        Assert.True((await ReadToResetAsync(upstream)).Reset);
        Assert.Equal(ConnectionOutcome.IdleTimeout, await relay.WaitAsync(_limit));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Run_OneSideNeverEnds_HalfCloseTimeout(bool pipes)
    {
        var (client, upstream, relay, _) = await StartAsync(pipes, new() { HalfCloseTimeout = TimeSpan.FromMilliseconds(200) });

        client.Shutdown(SocketShutdown.Send);

        Assert.Equal(ConnectionOutcome.HalfCloseTimeout, await relay.WaitAsync(_limit));
        Assert.Equal(ConnectionOutcome.HalfCloseTimeout, await relay);
        Assert.True((await ReadToResetAsync(client)).Reset);
        upstream.Dispose();
    }

    [Fact]
    public async Task Run_SlowReader_MemoryIsBoundedAndNothingLost()
    {
        var (client, upstream, relay, record) = await StartAsync(pipes: false);
        var payload = new byte[32 * 1024 * 1024];
        Random.Shared.NextBytes(payload);

        var sending = SendAndEndAsync(client, payload);
        while (_buffers.Outstanding == 0)
        {
            await Task.Yield();
        }

        Assert.InRange(_buffers.Outstanding, 1, 2);
        Assert.True(record.ClientBytes < payload.Length);
        Assert.Equal(payload, await ReadToEndAsync(upstream));
        await sending;
        upstream.Shutdown(SocketShutdown.Send);
        Assert.Equal(ConnectionOutcome.Completed, await relay.WaitAsync(_limit));
    }

    [Fact]
    public async Task Run_UpstreamResetsAfterClientsEnd_ClientIsResetAndNotEnded()
    {
        var (client, upstream, relay, _) = await StartAsync(pipes: false);

        await SendAndEndAsync(client, "request"u8.ToArray());
        Assert.Equal("request"u8.ToArray(), await ReadToEndAsync(upstream));
        await upstream.SendAsync(new byte[1_000_000]);
        upstream.Close(0);

        Assert.True((await ReadToResetAsync(client)).Reset);
        Assert.Equal(ConnectionOutcome.UpstreamReset, await relay.WaitAsync(_limit));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Close_FromOutsideAfterClientsEnd_BothAreReset(bool pipes)
    {
        var (client, upstream, relay, record) = await StartAsync(pipes);
        client.Shutdown(SocketShutdown.Send);
        Assert.Empty(await ReadToEndAsync(upstream));

        record.Close(ConnectionOutcome.Drained);

        await relay.WaitAsync(_limit);
        Assert.True((await ReadToResetAsync(client)).Reset);
        Assert.True(await SendUntilResetAsync(upstream).WaitAsync(_limit));
    }

    [Fact]
    public async Task Close_FromOutsideWhileUpstreamDoesNotRead_Ends()
    {
        var (client, upstream, relay, record) = await StartAsync(pipes: false);
        await StallAsync(client);

        record.Close(ConnectionOutcome.Drained);

        await relay.WaitAsync(_limit);
        Assert.True((await ReadToResetAsync(upstream)).Reset);
    }

    [Fact]
    public async Task Run_ClientResetsWhileUpstreamDoesNotRead_Ends()
    {
        var (client, upstream, relay, _) = await StartAsync(pipes: false);
        await StallAsync(client);

        client.Close(0);

        Assert.Equal(ConnectionOutcome.ClientReset, await relay.WaitAsync(_limit));
        Assert.True((await ReadToResetAsync(upstream)).Reset);
    }

    [Fact]
    public async Task Run_SlowReader_IsNotIdle()
    {
        var (client, upstream, relay, _) = await StartAsync(pipes: false, new() { IdleTimeout = TimeSpan.FromSeconds(2) });
        var sending = SendAndEndAsync(upstream, new byte[20_000_000]);
        client.Shutdown(SocketShutdown.Send);
        var buffer = new byte[16 * 1024];

        // Slower than the idle time for the whole, never silent for so long.
        for (var i = 0; i < 150; i++)
        {
            Assert.NotEqual(0, await client.ReceiveAsync(buffer));
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        }

        Assert.False((await ReadToResetAsync(client)).Reset);
        await sending;
        Assert.Equal(ConnectionOutcome.Completed, await relay.WaitAsync(_limit));
    }

    [Fact]
    public async Task Run_ExactlyOneBufferSent_NoneIsHeldAfterwards()
    {
        var (client, upstream, _, _) = await StartAsync(pipes: false);

        await client.SendAsync(new byte[BufferPool.BufferSize]);
        await upstream.ReadTextAsync(BufferPool.BufferSize);

        await Eventually.TrueAsync(() => _buffers.Outstanding == 0);
    }

    [Fact]
    public async Task Run_ThousandsOfConnections_NothingLeaks()
    {
        for (var round = 0; round < 1000; round++)
        {
            var (client, upstream, relay, _) = await StartAsync(pipes: false);
            await client.SendAsync(new byte[10]);
            if (round % 3 == 0)
            {
                client.Close(0);
            }
            else
            {
                client.Shutdown(SocketShutdown.Send);
            }

            await ReadToResetAsync(upstream);
            upstream.Dispose();
            await relay.WaitAsync(_limit);
            client.Dispose();
            await CloseAsync();
        }

        Assert.Equal(0, _buffers.Outstanding);
        Assert.Equal(0, _clock.Count);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await CloseAsync();
        _clock.Dispose();
    }

    private async Task CloseAsync()
    {
        foreach (var connection in _open)
        {
            await connection.DisposeAsync();
        }

        _open.Clear();
    }

    private async Task<(Socket Client, Socket Upstream, Task<ConnectionOutcome> Relay, ConnectionRecord Record)> StartAsync(
        bool pipes,
        RelayOptions? options = null
    )
    {
        var (client, accepted) = await PairAsync();
        var (upstream, dialled) = await PairAsync();
        if (pipes)
        {
            accepted.Transport = accepted.Transport;
        }

        var record = new ConnectionRecord(accepted, "test", "", TimeProvider.System);
        return (client, upstream, new Relay(_clock).RunAsync(accepted, dialled, options ?? new RelayOptions(), record), record);
    }

    private async Task<(Socket Peer, ConnectionContext Ours)> PairAsync()
    {
        var factory = new SocketTransportFactory(_buffers, _clock, TimeProvider.System);
        await using var listener = await factory.BindAsync(new ListenEndPoint(new IPEndPoint(IPAddress.Loopback, 0)));
        var peer = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await peer.ConnectAsync(listener.EndPoint);
        var ours = await listener.AcceptAsync();
        _open.Add(ours!);
        return (peer, ours!);
    }

    private static async Task SendAndEndAsync(Socket socket, ReadOnlyMemory<byte> bytes)
    {
        await socket.SendAsync(bytes);
        socket.Shutdown(SocketShutdown.Send);
    }

    /// <summary>Sends until nobody takes any more: the upstream does not read.</summary>
    private static async Task StallAsync(Socket socket)
    {
        var bytes = new byte[1 << 20];
        var failures = 0;
        while (failures < 50)
        {
            try
            {
                socket.Blocking = false;
                await Task.Yield();
                socket.Send(bytes);
                failures = 0;
            }
            catch (SocketException exception) when (exception.SocketErrorCode == SocketError.WouldBlock)
            {
                failures++;
                await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
            }
        }
    }

    private static async Task<byte[]> ReadToEndAsync(Socket socket)
    {
        var (bytes, reset) = await ReadToResetAsync(socket);
        Assert.False(reset);
        return bytes;
    }

    private static async Task<(byte[] Bytes, bool Reset)> ReadToResetAsync(Socket socket)
    {
        using var timeout = new CancellationTokenSource(_limit);
        using var bytes = new MemoryStream();
        var buffer = new byte[65536];
        try
        {
            while (await socket.ReceiveAsync(buffer, timeout.Token) is var count and > 0)
            {
                bytes.Write(buffer, 0, count);
            }

            return (bytes.ToArray(), false);
        }
        catch (SocketException)
        {
            return (bytes.ToArray(), true);
        }
    }

    private static async Task<bool> SendUntilResetAsync(Socket socket)
    {
        try
        {
            while (true)
            {
                await socket.SendAsync(new byte[1]);
                await Task.Yield();
            }
        }
        catch (SocketException)
        {
            return true;
        }
    }
}

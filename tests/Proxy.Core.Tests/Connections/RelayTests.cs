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

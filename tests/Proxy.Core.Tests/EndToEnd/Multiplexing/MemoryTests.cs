using System.Net.Sockets;
using System.Text;
using Proxy.Core.Tests.Multiplexing;
using Proxy.Diagnostics;

namespace Proxy.Core.Tests.EndToEnd.Multiplexing;

/// <summary>What clients may keep in memory together: beyond it they are not read, and nothing is lost.</summary>
public sealed class MemoryTests : SessionTestBase
{
    private const int Budget = 1024 * 1024;
    private const int Body = 3_500_000;
    private const int LargestMessage = 4 * 1024 * 1024;
    private static readonly string _http = $"\"Protocol\": \"http1\", \"MaxBufferedBytes\": {Budget}";

    public override Task InitializeAsync()
    {
        Device = Add(new Device(Device.Http));
        Device.OnMessage = static (message, peer) => peer.SendAsync(Ok($"{message.Length}"));
        return Task.CompletedTask;
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Send_UnfinishedMessagesOfManyClients_NotReadBeyondTheBudget(string transport)
    {
        await StartAsync(transport, _http);
        var clients = new List<MultiplexPeer>();
        for (var count = 0; count < 12; count++)
        {
            clients.Add(await Multiplexer.ConnectAsync());
            Fill(clients[^1].Socket, Post(Body).AsSpan()[..^1].ToArray());
        }

        // 12 bodies are 42 MB; what the kernel does not take is the clients' own.
        await Eventually.TrueAsync(() => Buffered >= Budget);
        Assert.InRange(Buffered, Budget, (2 * Budget) + LargestMessage);
        using var small = await Multiplexer.ConnectAsync();
        await small.SendAsync(Post(10));
        await SaysAsync(small, Ok($"{Post(10).Length}"));
        Assert.InRange(Buffered, Budget, (2 * Budget) + LargestMessage);

        clients.ForEach(static client => client.Reset());

        await Eventually.TrueAsync(() => Buffered == 0);
        Assert.Single(Device.Messages);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Send_ClientEndsInTheMiddleOfAMessage_ItsMemoryIsReleased(string transport)
    {
        await StartAsync(transport, _http);
        using var client = await Multiplexer.ConnectAsync();
        await client.SendAsync(Post(Body)[..200_000]);
        await Eventually.TrueAsync(() => Buffered >= 200_000);
        var record = Assert.Single(Multiplexer.Tracker.Open);

        client.End();

        await Eventually.TrueAsync(() => Buffered == 0 && record.Outcome is not null);
        Assert.Equal(ConnectionOutcome.ProtocolError, record.Outcome);
        Assert.Empty(Device.Messages);
    }

    [Theory]
    [InlineData(Multiplexer.Loops)]
    public async Task Send_PausedClientEndsInTheMiddleOfAMessage_ConnectionEndsUnread(string transport)
    {
        await StartAsync(transport, _http);
        using var first = await Multiplexer.ConnectAsync();
        await first.SendAsync(Post(Body)[..(2 * Budget)]); // exceeds the budget and stays
        await Eventually.TrueAsync(() => Buffered >= 2 * Budget);
        using var paused = await Multiplexer.ConnectAsync();
        await paused.SendAsync(Post(Body)[..20_000]);
        var record = await LastAsync(2);

        paused.End();

        await Eventually.TrueAsync(() => record.Outcome is not null);
        Assert.Equal(ConnectionOutcome.ProtocolError, record.Outcome);
        Assert.True(record.ClientBytes < 20_000, $"{record.ClientBytes} bytes were read");
    }

    private long Buffered => Multiplexer.Registry.Buffered().Sum(static measured => measured.Value);

    private static byte[] Post(int length) =>
        Encoding.Latin1.GetBytes($"POST / HTTP/1.1\r\nContent-Length: {length}\r\n\r\n" + new string('b', length));

    private static string Ok(string body) => $"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\n\r\n{body}";

    private static async Task SaysAsync(MultiplexPeer client, string reply) =>
        Assert.Equal(reply, Encoding.Latin1.GetString(await client.ReadAsync(reply.Length)));

    private async Task<ConnectionRecord> LastAsync(int count)
    {
        await Eventually.TrueAsync(() => Multiplexer.Tracker.Open.Count() == count && Multiplexer.Status.Clients.Count == count);
        return Multiplexer.Tracker.Open.OrderBy(static record => record.Id, StringComparer.Ordinal).Last();
    }

    // Hands the kernel what it takes without waiting.
    private static void Fill(Socket socket, ReadOnlySpan<byte> bytes)
    {
        socket.Blocking = false;
        while (!bytes.IsEmpty)
        {
            var sent = socket.Send(bytes, SocketFlags.None, out var error);
            if (error != SocketError.Success)
            {
                return;
            }

            bytes = bytes[sent..];
        }
    }
}

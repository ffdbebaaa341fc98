using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Proxy.Connections;
using Proxy.Diagnostics;
using Proxy.Host.Tests.Support;
using Proxy.Timing;

namespace Proxy.Host.Tests.EndToEnd.Handover;

/// <summary>How connections end that Kestrel serves, with which outcomes, and what is left.</summary>
public sealed class EndTests
{
    private const string Upgrade = "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n";
    private const string Switching = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n";

    public static TheoryData<string> Transports => ProtocolTests.Transports;

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task ClientResets_RequestRuns_IsAborted(string transport)
    {
        await using var host = await HandoverHost.StartAsync(transport);
        using var client = new Socket(SocketType.Stream, ProtocolType.Tcp) { LingerState = new(true, 0) };
        await client.ConnectAsync(host.Address);
        await client.SendAsync("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray());
        await Eventually.TrueAsync(() => host.Site.Events.Contains("begun"));
        var record = Assert.Single(host.Host.Tracker.Open);

        client.Dispose();

        await Eventually.TrueAsync(() => host.Site.Events.Contains("aborted"));
        await Eventually.TrueAsync(() => host.Host.Tracker.Count == 0);
        Assert.Equal(ConnectionOutcome.ClientReset, record.Outcome);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task ClientCloses_RequestRuns_IsAborted(string transport)
    {
        await using var host = await HandoverHost.StartAsync(transport);
        using var client = await TcpClientSocket.ConnectAsync(host.Address);
        await client.SendAsync("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n");
        await Eventually.TrueAsync(() => host.Site.Events.Contains("begun"));
        var record = Assert.Single(host.Host.Tracker.Open);

        client.End();

        await Eventually.TrueAsync(() => host.Site.Events.Contains("aborted"));
        Assert.Equal("", await client.ReadAsync());
        await Eventually.TrueAsync(() => host.Host.Tracker.Count == 0);
        Assert.Equal(ConnectionOutcome.HttpAborted, record.Outcome);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task ClientCloses_NoRequestRuns_IsComplete(string transport)
    {
        await using var host = await HandoverHost.StartAsync(transport);
        using var client = await TcpClientSocket.ConnectAsync(host.Address);
        Assert.StartsWith("HTTP/1.1 200", await HandoverHost.AskAsync(client), StringComparison.Ordinal);
        var record = Assert.Single(host.Host.Tracker.Open);

        client.End();

        Assert.Equal("", await client.ReadAsync());
        await Eventually.TrueAsync(() => host.Host.Tracker.Count == 0);
        Assert.Equal(ConnectionOutcome.Completed, record.Outcome);
        Assert.Equal(HandoverHost.Question().Length, record.ClientBytes);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task AnswerIsCutOff_ClientIsReset(string transport)
    {
        await using var host = await HandoverHost.StartAsync(transport);
        using var client = await TcpClientSocket.ConnectAsync(host.Address);
        await client.SendAsync("GET /cut HTTP/1.1\r\nHost: x\r\n\r\n");
        await Eventually.TrueAsync(() => host.Host.Tracker.Count == 1);
        var record = Assert.Single(host.Host.Tracker.Open);

        var answer = "";
        while (await client.ReadAsync() is { } more)
        {
            Assert.NotEmpty(more); // an orderly end would look as if the answer were whole
            answer += more;
            if (answer.EndsWith("begin", StringComparison.Ordinal))
            {
                host.Site.Go.TrySetResult();
            }
        }

        await Eventually.TrueAsync(() => host.Host.Tracker.Count == 0);
        Assert.Equal(ConnectionOutcome.HttpAborted, record.Outcome);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Upgraded_ClientHasFinishedSending_GetsItsAnswer(string transport)
    {
        using var site = new TcpListener(IPAddress.Loopback, 0);
        site.Start();
        await using var host = await TestHost.StartAsync(
            $$"""
            {
              "Transport": { "Kind": "{{transport}}" },
              "ReverseProxy": {
                "TcpRoutes": { "web": { "Listen": "127.0.0.1:0", "Mode": "Http" } },
                "Routes": { "all": { "ClusterId": "c", "Match": { "Path": "/{**all}" } } },
                "Clusters": { "c": { "Destinations": { "a": { "Address": "http://{{site.LocalEndpoint}}" } } } }
              }
            }
            """
        );
        using var client = await TcpClientSocket.ConnectAsync(host.Address);
        await client.SendAsync(Upgrade);
        using var server = await site.AcceptSocketAsync();
        await ReadUntilAsync(server, "\r\n\r\n");
        await server.SendAsync(Encoding.ASCII.GetBytes(Switching));
        Assert.StartsWith("HTTP/1.1 101", await client.ReadAsync(), StringComparison.Ordinal);
        var record = Assert.Single(host.Tracker.Open);

        await client.SendAsync("question");
        client.End();
        await ReadUntilAsync(server, "question");
        await server.SendAsync("answer"u8.ToArray());
        server.Shutdown(SocketShutdown.Send);

        Assert.Equal("answer", await client.ReadAsync());
        Assert.Equal("", await client.ReadAsync());
        await Eventually.TrueAsync(() => host.Tracker.Count == 0);
        Assert.Equal(ConnectionOutcome.Completed, record.Outcome);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Upgraded_ClientResetsAfterItsEnd_EndsTheRequest(string transport)
    {
        await using var host = await HandoverHost.StartAsync(transport);
        using var client = new Socket(SocketType.Stream, ProtocolType.Tcp) { LingerState = new(true, 0) };
        await client.ConnectAsync(host.Address);
        await client.SendAsync(
            "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"u8.ToArray()
        );
        await client.ReceiveAsync(new byte[1000]);
        var record = Assert.Single(host.Host.Tracker.Open);
        client.Shutdown(SocketShutdown.Send);

        client.Dispose();

        await Eventually.TrueAsync(() => host.Host.Tracker.Count == 0);
        Assert.NotNull(record.Outcome);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task IdleTimeout_NothingHappens_Resets(string transport)
    {
        await using var host = await HandoverHost.StartAsync(transport, route: "\"IdleTimeout\": \"00:00:01\"");
        using var client = await TcpClientSocket.ConnectAsync(host.Address);
        await client.SendAsync("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n");

        Assert.Null(await client.ReadAsync());
        Assert.Equal(ConnectionOutcome.IdleTimeout, await OutcomeAsync(host));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task IdleTimeout_AfterMaxDurationWithoutDrainTimeout_Resets(string transport)
    {
        await using var host = await HandoverHost.StartAsync(
            transport,
            route: "\"MaxDuration\": \"00:00:01\", \"IdleTimeout\": \"00:00:03\", \"DrainTimeout\": \"None\""
        );
        using var client = await TcpClientSocket.ConnectAsync(host.Address);
        await client.SendAsync("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n");

        Assert.Null(await client.ReadAsync());
        Assert.Equal(ConnectionOutcome.IdleTimeout, await OutcomeAsync(host));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task MaxDuration_RequestRuns_IsAnsweredAndTheConnectionEnds(string transport)
    {
        await using var host = await HandoverHost.StartAsync(transport, route: "\"MaxDuration\": \"00:00:01\"");
        using var client = await TcpClientSocket.ConnectAsync(host.Address);

        var answer = "";
        while (!answer.Contains("Connection: close", StringComparison.Ordinal))
        {
            await client.SendAsync("GET /bytes/1 HTTP/1.1\r\nHost: x\r\n\r\n");
            answer = "";
            while (!answer.EndsWith("\r\n\r\n\0", StringComparison.Ordinal))
            {
                answer += await client.ReadAsync() is { Length: > 0 } more
                    ? more
                    : throw new InvalidOperationException("The connection has ended.");
            }

            Assert.StartsWith("HTTP/1.1 200", answer, StringComparison.Ordinal);
        }

        Assert.Equal("", await client.ReadAsync());
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Connections_AThousandOpenedAndClosed_LeaveNothing(string transport)
    {
        const int Connections = 1000;
        await using var host = await HandoverHost.StartAsync(transport);
        await Parallel.ForEachAsync(
            Enumerable.Range(0, Connections),
            new ParallelOptions { MaxDegreeOfParallelism = 32 },
            async (number, _) =>
            {
                using var client = new Socket(SocketType.Stream, ProtocolType.Tcp);
                await client.ConnectAsync(host.Address, CancellationToken.None);
                if (number % 4 != 0)
                {
                    await client.SendAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray());
                    Assert.NotEqual(0, await client.ReceiveAsync(new byte[1000], CancellationToken.None));
                }

                client.LingerState = new(number % 2 == 0, 0);
            }
        );

        await Eventually.TrueAsync(() => host.Host.Tracker.Count == 0);
        await Eventually.TrueAsync(() => host.Host.Services.GetRequiredService<DeadlineClock>().Count == 0);
        await Eventually.TrueAsync(() => host.Host.Services.GetRequiredService<BufferPool>().Outstanding == 0);
        Assert.Equal($"127.0.0.1 http {host.Address}", await host.GetAsync("/"));
    }

    // Of the only connection, which may end before a test can look at what is open. Its request, which ends with it, has no endpoint.
    private static async Task<ConnectionOutcome> OutcomeAsync(HandoverHost host)
    {
        var history = host.Host.Services.GetRequiredService<TrafficHistory>();
        await Eventually.TrueAsync(() => history.Ends.Any(static end => end.Endpoint is not null));
        return history.Ends.Single(static end => end.Endpoint is not null).Outcome;
    }

    private static async Task ReadUntilAsync(Socket socket, string end)
    {
        using var limit = new CancellationTokenSource(Eventually.Limit);
        var (text, buffer) = ("", new byte[4096]);
        while (!text.EndsWith(end, StringComparison.Ordinal))
        {
            var count = await socket.ReceiveAsync(buffer, limit.Token);
            Assert.NotEqual(0, count);
            text += Encoding.ASCII.GetString(buffer, 0, count);
        }
    }
}

using System.Net.Sockets;
using Proxy.Core.Tests.Tls.Termination;
using Proxy.Diagnostics;
using Proxy.Peeking.Detectors;

namespace Proxy.Core.Tests.EndToEnd.Tls;

/// <summary>Clients of PostgreSQL, whose question whether TLS may follow the proxy answers before it terminates that.</summary>
public sealed class PostgresTerminationTests
{
    private const string Postgres = "\"Protocols\": [\"Postgres\"]";
    private static readonly byte[] _askForGss = Convert.FromHexString("0000000804D21630");

    public static TheoryData<string, string> Matches =>
        new()
        {
            { Core.Tests.Multiplexing.Multiplexer.Portable, Postgres },
            { Core.Tests.Multiplexing.Multiplexer.Loops, Postgres },
            { Core.Tests.Multiplexing.Multiplexer.Portable, $"{Postgres}, \"ServerNames\": [\"r.example.com\"]" },
            { Core.Tests.Multiplexing.Multiplexer.Loops, $"{Postgres}, \"ServerNames\": [\"r.example.com\"]" },
        };

    [Theory]
    [MemberData(nameof(Matches))]
    public async Task Client_AsksForTls_TerminatedAndNotAskedAtTheServer(string transport, string match)
    {
        await using var edge = await StartAsync(transport, match);
        foreach (var (asks, answers) in ((byte[], string)[])[(AskForTls, "S"), ([.. _askForGss], "NS")])
        {
            var socket = await edge.ConnectAsync("edge");
            await socket.SendAsync(asks);
            Assert.Equal(answers[..1], await socket.ReadTextAsync(1));
            if (answers.Length == 2)
            {
                await socket.SendAsync(AskForTls);
                Assert.Equal("S", await socket.ReadTextAsync(1));
            }

            await using var client = await edge.HandshakeAsync(key: "edge", over: new NetworkStream(socket, ownsSocket: true));

            Assert.Equal("r", await TlsEdge.ServedByAsync(client)); // which would have got the question first
        }
    }

    [Theory]
    [MemberData(nameof(Matches))]
    public async Task Client_BeginsWithTls_Terminated(string transport, string match)
    {
        await using var edge = await StartAsync(transport, match);
        var options = TlsEdge.For("r.example.com");
        options.ApplicationProtocols = [new(PostgresDetector.Alpn)];

        await using var client = await edge.HandshakeAsync(options, "edge");

        Assert.Equal("r", await TlsEdge.ServedByAsync(client));
        Assert.Equal(PostgresDetector.Alpn, $"{client.NegotiatedApplicationProtocol}");
    }

    [Theory]
    [MemberData(nameof(Matches))]
    public async Task Client_WithoutTlsOrSilentAfterTheAnswer_NotServed(string transport, string match)
    {
        var time = new ManualTime();
        await using var edge = await StartAsync(transport, match, time);
        using (var clear = await edge.ConnectAsync("edge"))
        {
            await clear.SendAsync((byte[])[0, 0, 0, 8, 0, 3, 0, 0]);
            Assert.True((await clear.ReadToEndAsync()).Reset);
        }

        await edge.EndedAsync();
        using var silent = await edge.ConnectAsync("edge");
        await silent.SendAsync(AskForTls);
        Assert.Equal("S", await silent.ReadTextAsync(1));
        var record = Assert.Single(edge.Open);

        time.Advance(TimeSpan.FromSeconds(10));

        Assert.True((await silent.ReadToEndAsync()).Reset);
        Assert.Contains(
            (await edge.EndedAsync(record))[0],
            (ConnectionOutcome[])[ConnectionOutcome.TlsFailed, ConnectionOutcome.PeekTimeout]
        );
    }

    private static byte[] AskForTls => PostgresRequests.AskForTls.ToArray();

    private static Task<TlsEdge> StartAsync(string transport, string match, ManualTime? time = null) =>
        TlsEdge.StartAsync(
            transport,
            authority =>
                TlsEdge.Route(authority, "r", TlsTerminatorTests.Place("edge", match), $"\"AlpnProtocols\": [\"{PostgresDetector.Alpn}\"]"),
            TlsTerminatorTests.Endpoint("edge"),
            time
        );
}

using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Proxy.Host.Tests.EndToEnd.Multiplexing;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.EndToEnd.Servers;

/// <summary>Clients of a real memcached that share one connection.</summary>
public sealed class SharedMemcachedTests
{
    [RealServerFact("memcached")]
    public Task Route_Memcached_EveryCommandIsAnsweredAsByTheServer() =>
        RunAsync(
            async (host, own, _) =>
            {
                var port = Ports.Free();
                using var other = Start(port);
                await Programs.ListensAsync(port);
                using var shared = await ConnectAsync(own);
                using var direct = await ConnectAsync(port);
                foreach (var command in Commands())
                {
                    var expected = await AskAsync(direct, command + "mn\r\n");
                    Assert.Equal(expected, await AskAsync(shared, command + "mn\r\n"));
                }

                other.Kill();
                Assert.Empty(host.Multiplexed.Errors);
                Assert.Single(host.Multiplexed.Upstreams);
            }
        );

    [RealServerFact("memcached")]
    public Task Route_Memcached_ManyClientsAtOnceEachGetTheirOwn() =>
        RunAsync(
            async (host, own, server) =>
            {
                await Task.WhenAll(
                    Enumerable
                        .Range(0, 24)
                        .Select(async number =>
                        {
                            using var client = await ConnectAsync(own);
                            var value = string.Concat(Enumerable.Repeat($"{number}\r\nEND\r\n", 1 + (number * 500)));
                            for (var round = 0; round < 20; round++)
                            {
                                var reply = await AskAsync(
                                    client,
                                    $"set k{number} 0 0 {value.Length} noreply\r\n{value}\r\nget k{number} none\r\nmg k{number} v k\r\nmn\r\n"
                                );
                                Assert.Equal(
                                    $"VALUE k{number} 0 {value.Length}\r\n{value}\r\nEND\r\nVA {value.Length} kk{number}\r\n{value}\r\nMN\r\n",
                                    reply
                                );
                            }
                        })
                );

                Assert.Empty(host.Multiplexed.Errors);
                using var direct = await ConnectAsync(server);
                Assert.Contains("STAT total_connections 3\r\n", await AskAsync(direct, "stats\r\nmn\r\n"), StringComparison.Ordinal);
            }
        );

    [RealServerFact("memcached")]
    public Task Route_Memcached_WhatClientsCannotShareIsRefusedByName() =>
        RunAsync(
            async (host, own, _) =>
            {
                using var client = await ConnectAsync(own);

                Assert.Equal(
                    "CLIENT_ERROR 'watch' is not available through a shared connection\r\n"
                        + "CLIENT_ERROR 'mg q' is not available through a shared connection\r\n"
                        + "CLIENT_ERROR 'lru_crawler dump' is not available through a shared connection\r\nSTORED\r\nMN\r\n",
                    await AskAsync(client, "watch\r\nmg k v q\r\nlru_crawler metadump all\r\nset k 0 0 1\r\nx\r\nmn\r\n")
                );
                await client.SendAsync("quit\r\n"u8.ToArray());
                Assert.Empty(await Example.ReadAsync(client, 1));
                Assert.Empty(host.Multiplexed.Errors);
            }
        );

    private static IEnumerable<string> Commands()
    {
        yield return "set a 5 0 3\r\nabc\r\n";
        yield return "add a 0 0 1\r\nx\r\n";
        yield return "append a 0 0 1\r\nd\r\n";
        yield return "get a\r\nget b\r\nget a b a\r\n";
        yield return "set n 0 0 1 noreply\r\n7\r\nincr n 5\r\ndecr n 100\r\nincr a 1\r\nincr zz 1\r\n";
        yield return "touch n 100\r\ntouch zz 0\r\ngat 0 n zz\r\n";
        yield return "delete n\r\ndelete n\r\ndelete n noreply\r\n";
        yield return "cas a 0 0 1 999999\r\ny\r\ncas zz 0 0 1 1 noreply\r\ny\r\n";
        yield return $"set big 0 0 2000000\r\n{new string('x', 2_000_000)}\r\n";
        yield return $"get {new string('k', 251)}\r\nget\r\n";
        yield return "ms m 2 T0 F3\r\nhi\r\nmg m v f s k O9\r\nmg zz v\r\nma m\r\nmd m\r\nmd m\r\nme m\r\n";
        yield return "ms c 1\r\n5\r\nma c v\r\nma c D4 v\r\nms c 1 Z\r\nx\r\n";
        yield return "version\r\nverbosity 0\r\nflush_all noreply\r\nflush_all\r\n";
        yield return "stats reset\r\nstats sizes\r\nstats bogus\r\nstats detail on\r\nstats detail dump\r\nstats detail off\r\n";
        yield return "bogus\r\n\r\nGET a\r\nslabs automove 0\r\nlru_crawler crawl all\r\n";
    }

    private static async Task RunAsync(Func<TestHost, int, int, Task> drive)
    {
        var port = Ports.Free();
        using var memcached = Start(port);
        try
        {
            await Programs.ListensAsync(port);
            await using var host = await TestHost.StartAsync(
                $$"""
                { "ReverseProxy": {
                    "TcpRoutes": { "m": { "Listen": "127.0.0.1:0", "ClusterId": "m", "Mode": "Multiplex" } },
                    "Clusters": { "m": {
                      "Destinations": { "a": { "Address": "tcp://127.0.0.1:{{port}}" } },
                      "Multiplex": { "Protocol": "memcached", "MaxInFlight": 16, "KeepUnused": "None" } } } } }
                """
            );
            await drive(host, ((IPEndPoint)host.Address).Port, port);
        }
        finally
        {
            memcached.Kill();
        }
    }

    private static Process Start(int port) => Programs.Start("memcached", "-p", $"{port}", "-U", "0", "-l", "127.0.0.1", "-u", "nobody");

    private static async Task<Socket> ConnectAsync(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, port);
        return socket;
    }

    /// <summary>Sends commands, of which the last one is mn, and reads up to its reply.</summary>
    private static async Task<string> AskAsync(Socket client, string commands)
    {
        using var limit = new CancellationTokenSource(Eventually.Limit);
        var sending = client.SendAsync(Encoding.ASCII.GetBytes(commands), limit.Token).AsTask();
        var reply = new StringBuilder();
        var buffer = new byte[65_536];
        while (!reply.ToString().EndsWith("MN\r\n", StringComparison.Ordinal))
        {
            var count = await client.ReceiveAsync(buffer, limit.Token);
            Assert.NotEqual(0, count);
            reply.Append(Encoding.ASCII.GetString(buffer, 0, count));
        }

        await sending;
        return reply.ToString();
    }
}

using System.Net;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.EndToEnd.Servers;

/// <summary>Clients of a real Redis that share one connection, driven by its own programs.</summary>
public sealed class SharedRedisTests
{
    [RealServerFact("redis-server", "redis-cli", "redis-benchmark")]
    public async Task Route_Resp_ItsClientsShareOneConnection()
    {
        await RunAsync(
            "\"Protocol\": \"resp\", \"MaxInFlight\": 64",
            async (host, redis, port) =>
            {
                var big = new string('x', 3_000_000);
                Assert.Equal("OK", await Programs.RunAsync("redis-cli", big, "-p", port, "-x", "set", "big"));
                Assert.Equal(big, await Programs.RunAsync("redis-cli", "", "-p", port, "get", "big"));
                Assert.Equal("(nil)", await CliAsync(port, "get", "nothing"));
                var nested = await CliAsync(port, "eval", "return {1,{2,'x',{}}}", "0");
                Assert.Equal("1) (integer) 1\n2) 1) (integer) 2\n   2) \"x\"\n   3) (empty array)", nested);
                var piped = string.Concat(Enumerable.Range(0, 5000).Select(static i => $"SET key{i} {i}\r\n"));
                Assert.Contains(
                    "replies: 5000",
                    await Programs.RunAsync("redis-cli", piped, "-p", port, "--pipe"),
                    StringComparison.Ordinal
                );
                Assert.Contains(
                    "\n\"key4999\"",
                    await Programs.RunAsync("redis-cli", "", "--no-raw", "-p", port, "--scan"),
                    StringComparison.Ordinal
                );
                var benchmark = await Programs.RunAsync(
                    "redis-benchmark",
                    "",
                    ["-p", port, "-t", "set,get,incr,lpush,lrange_100,mset", "-n", "2000", "-c", "40", "-P", "8", "-q", "--csv"]
                );
                Assert.Contains("\"LRANGE_100 (first 100 elements)\"", benchmark, StringComparison.Ordinal);
                Assert.DoesNotContain("ERR", benchmark, StringComparison.Ordinal);

                Assert.Empty(host.Multiplexed.Errors);
                Assert.Contains("total_connections_received:2\r\n", await CliAsync(redis, "info", "stats"), StringComparison.Ordinal); // the other one asks
            }
        );
    }

    [RealServerFact("redis-server", "redis-cli")]
    public async Task Route_Resp_WhatClientsCannotShareIsRefusedByName()
    {
        await RunAsync(
            "\"Protocol\": \"resp\"",
            async (host, redis, port) =>
            {
                const string Typed = "SET a 1\nSUBSCRIBE news\nMULTI\nBLPOP q 0\nCLIENT SETNAME x\nSELECT 1\nGET a\nCLIENT GETNAME\n";
                var lines = (await Programs.RunAsync("redis-cli", Typed, "-p", port)).Split('\n');
                Assert.Equal(
                    [
                        "OK",
                        "ERR 'SUBSCRIBE' is not available through a shared connection",
                        "ERR 'MULTI' is not available through a shared connection",
                        "ERR 'BLPOP' is not available through a shared connection",
                        "ERR 'CLIENT SETNAME' is not available through a shared connection",
                        "ERR 'SELECT' is not available through a shared connection",
                        "1",
                    ],
                    lines.Where(static line => line.Length > 0)
                );
                Assert.Equal("1", (await Programs.RunAsync("redis-cli", "", "-3", "-p", port, "get", "a")).Split('\n')[^1]);
                Assert.Equal("OK", await CliAsync(port, "quit"));
                Assert.Equal("PONG", await CliAsync(port, "ping"));
                Assert.Empty(host.Multiplexed.Errors);
                Assert.Single(host.Multiplexed.Upstreams);
                Assert.NotEqual("", redis);
            }
        );
    }

    [RealServerFact("redis-server", "redis-cli")]
    public async Task Route_LineAndResp_OnlyRespKnowsWhereAReplyEnds()
    {
        const string Ask = "GET greeting\r\n";
        await RunAsync(
            "\"Protocol\": \"line\"",
            async (_, redis, port) =>
            {
                await CliAsync(redis, "set", "greeting", "hello");
                using var client = await TcpClientSocket.ConnectAsync(Local(port));
                Assert.Equal("$5\r\n", await client.AskAsync(Ask)); // half a reply
            }
        );
        await RunAsync(
            "\"Protocol\": \"resp\"",
            async (_, redis, port) =>
            {
                await CliAsync(redis, "set", "greeting", "hello");
                using var client = await TcpClientSocket.ConnectAsync(Local(port));
                Assert.Equal("$5\r\nhello\r\n", await client.AskAsync(Ask));
            }
        );
    }

    private static IPEndPoint Local(string port) => new(IPAddress.Loopback, int.Parse(port, null));

    private static Task<string> CliAsync(string port, params string[] arguments) =>
        Programs.RunAsync("redis-cli", "", ["--no-raw", "-p", port, .. arguments]);

    private static async Task RunAsync(string multiplex, Func<TestHost, string, string, Task> drive)
    {
        var port = Ports.Free();
        using var redis = Programs.Start("redis-server", "--port", $"{port}", "--bind", "127.0.0.1", "--save", "");
        try
        {
            await Programs.ListensAsync(port);
            await using var host = await TestHost.StartAsync(
                $$"""
                { "ReverseProxy": {
                    "TcpRoutes": { "r": { "Listen": "127.0.0.1:0", "ClusterId": "r", "Mode": "Multiplex" } },
                    "Clusters": { "r": {
                      "Destinations": { "a": { "Address": "tcp://127.0.0.1:{{port}}" } },
                      "Multiplex": { {{multiplex}}, "KeepUnused": "None" } } } } }
                """
            );
            await drive(host, $"{port}", $"{((IPEndPoint)host.Address).Port}");
        }
        finally
        {
            redis.Kill();
        }
    }
}

using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.EndToEnd.Servers;

/// <summary>A real Redis behind a route, driven by its own clients; over TCP and over a unix socket.</summary>
public sealed class RedisTests
{
    [RealServerFact("redis-server", "redis-cli", "redis-benchmark")]
    public async Task Route_RedisOnTcp_ItsClientsWork()
    {
        var port = Ports.Free();
        using var redis = Programs.Start("redis-server", "--port", $"{port}", "--bind", "127.0.0.1", "--save", "");
        await DriveAsync(redis, new IPEndPoint(IPAddress.Loopback, port), $"tcp://127.0.0.1:{port}");
    }

    [RealServerFact("redis-server", "redis-cli", "redis-benchmark")]
    public async Task Route_RedisOnUnixSocket_ItsClientsWork()
    {
        var path = Path.Combine(Path.GetTempPath(), $"redis-{Guid.NewGuid():N}.sock");
        using var redis = Programs.Start("redis-server", "--port", "0", "--unixsocket", path, "--save", "");
        await DriveAsync(redis, new UnixDomainSocketEndPoint(path), $"unix:{path}");
    }

    private static async Task DriveAsync(Process redis, EndPoint address, string destination)
    {
        try
        {
            await Eventually.TrueAsync(() => Programs.AcceptsAsync(address));
            await using var host = await TestHost.StartAsync(
                $$"""
                { "ReverseProxy": {
                    "TcpRoutes": { "redis": { "Listen": "127.0.0.1:0", "ClusterId": "redis" } },
                    "Clusters": { "redis": { "Destinations": { "a": { "Address": "{{destination}}" } } } } } }
                """
            );
            var port = $"{((IPEndPoint)host.Address).Port}";

            var big = new string('x', 3_000_000);
            Assert.Equal("OK", await Programs.RunAsync("redis-cli", big, "-p", port, "-x", "set", "big"));
            Assert.Equal(big, await Programs.RunAsync("redis-cli", "", "-p", port, "get", "big"));
            var piped = string.Concat(Enumerable.Range(0, 5000).Select(static i => $"SET key{i} {i}\r\n"));
            Assert.Contains("replies: 5000", await Programs.RunAsync("redis-cli", piped, "-p", port, "--pipe"), StringComparison.Ordinal);
            var benchmark = await Programs.RunAsync("redis-benchmark", "", "-p", port, "-t", "get", "-n", "5000", "-c", "50", "--csv");
            Assert.Contains("\"GET\"", benchmark, StringComparison.Ordinal);
            await Eventually.TrueAsync(() => host.Tracker.Count == 0);
        }
        finally
        {
            redis.Kill();
        }
    }
}

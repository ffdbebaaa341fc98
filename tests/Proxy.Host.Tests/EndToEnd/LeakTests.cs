using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Proxy.Connections;
using Proxy.Host.Tests.Support;
using Proxy.Timing;

namespace Proxy.Host.Tests.EndToEnd;

/// <summary>Thousands of connections that end in every possible way leave no resources behind. Runs alone, because the sockets of the process are counted.</summary>
[Collection(Alone.Name)]
public sealed class LeakTests
{
    private const int Rounds = 60;
    private const int AtOnce = 50;

    private static readonly string[] _routes = ["whole", "refused", "resetting", "silent"];

    [Fact]
    public async Task Connections_EndedInEveryWay_NoSocketBufferDeadlineOrRecordIsLeft()
    {
        using var server = new TcpServer("hello");
        using var refusing = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        refusing.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        using var resetting = new ResettingServer();
        await using var host = await TestHost.StartAsync(
            Configuration(server.Port, ((IPEndPoint)refusing.LocalEndPoint!).Port, resetting.Port)
        );
        await RoundAsync(host, 0);
        await QuietAsync(host);
        var before = Sockets();

        var records = new List<WeakReference>();
        for (var round = 0; round < Rounds; round++)
        {
            records.AddRange(await RoundAsync(host, round));
        }

        await QuietAsync(host);
        Assert.Equal(0, host.Services.GetRequiredService<BufferPool>().Outstanding);
        await Eventually.TrueAsync(() => Sockets() <= before);
        await Eventually.TrueAsync(() => Collected(records));
    }

    private static string Configuration(int echo, int refused, int resetting) =>
        $$"""
            { "Log": { "Access": { "Path": "/dev/null" } },
              "ReverseProxy": {
                "TcpRoutes": {
                  "whole": { "Listen": "127.0.0.1:0", "ClusterId": "echo" },
                  "refused": { "Listen": "127.0.0.2:0", "ClusterId": "refused" },
                  "resetting": { "Listen": "127.0.0.3:0", "ClusterId": "resetting" },
                  "silent": { "Listen": "127.0.0.4:0", "ClusterId": "echo", "IdleTimeout": "00:00:00.2" } },
                "Clusters": {
                  "echo": {{Json.Cluster(echo)}},
                  "refused": {{Json.Cluster(refused)}},
                  "resetting": {{Json.Cluster(resetting)}} } } }
            """;

    /// <summary>Connections through four routes, which the clients end in four ways.</summary>
    private static async Task<IReadOnlyList<WeakReference>> RoundAsync(TestHost host, int round)
    {
        var manners = new Func<Socket, Task>[] { TalkAndEndAsync, ResetAsync, HalfCloseAsync, VanishAsync };
        var clients = Enumerable
            .Range(0, AtOnce)
            .Select(async i =>
            {
                var route = _routes[(i + round) % _routes.Length];
                using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                try
                {
                    await socket.ConnectAsync(host.AddressOf($"127.0.0.{Array.IndexOf(_routes, route) + 1}:0"));
                    await manners[i / _routes.Length % manners.Length](socket);
                }
                catch (SocketException)
                {
                    // Routes whose server refuses or resets.
                }
            });
        var all = Task.WhenAll(clients);
        var records = host.Tracker.Open.Select(static record => new WeakReference(record)).ToList();
        await all.WaitAsync(Eventually.Limit);
        return records;
    }

    private static async Task TalkAndEndAsync(Socket socket)
    {
        await socket.SendAsync(new byte[100_000]);
        socket.Shutdown(SocketShutdown.Send);
        var buffer = new byte[65536];
        while (await socket.ReceiveAsync(buffer) > 0) { }
    }

    private static async Task ResetAsync(Socket socket)
    {
        await socket.SendAsync(new byte[1000]);
        socket.Close(0);
    }

    private static async Task HalfCloseAsync(Socket socket)
    {
        await socket.SendAsync(new byte[1000]);
        socket.Shutdown(SocketShutdown.Send);
    }

    private static Task VanishAsync(Socket socket)
    {
        socket.Dispose();
        return Task.CompletedTask;
    }

    private static Task QuietAsync(TestHost host)
    {
        var clock = host.Services.GetRequiredService<DeadlineClock>();
        return Eventually.TrueAsync(() => host.Tracker.Count == 0 && clock.Count == 0);
    }

    private static bool Collected(List<WeakReference> records)
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return records.Count(static record => record.IsAlive) <= AtOnce; // threads of the pool may still reference the last records
    }

    private static int Sockets() =>
        !OperatingSystem.IsLinux()
            ? 0
            : Directory
                .GetFileSystemEntries("/proc/self/fd")
                .Count(static path => new FileInfo(path).LinkTarget?.StartsWith("socket:", StringComparison.Ordinal) == true);

    /// <summary>Resets every connection, some after a byte.</summary>
    private sealed class ResettingServer : IDisposable
    {
        private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

        public ResettingServer()
        {
            _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            _listener.Listen(1024);
            _ = ResetAllAsync();
        }

        public int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

        public void Dispose() => _listener.Dispose();

        private async Task ResetAllAsync()
        {
            try
            {
                for (var i = 0; ; i++)
                {
                    using var socket = await _listener.AcceptAsync();
                    await ResetAsync(socket, after: i % 2);
                }
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException) { }
        }

        private static async Task ResetAsync(Socket socket, int after)
        {
            try
            {
                await socket.SendAsync(new byte[after]);
            }
            catch (SocketException)
            {
                // The client closed the connection first.
            }

            socket.Close(0);
        }
    }
}

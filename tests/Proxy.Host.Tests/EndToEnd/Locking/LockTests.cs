using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Proxy.Host.Tests.Support;
using Proxy.Locking;

namespace Proxy.Host.Tests.EndToEnd.Locking;

/// <summary>Locks in the whole program, with real clients, a real service and edits of the file.</summary>
public sealed class LockTests
{
    public static TheoryData<string> Transports => ["Sockets", "Auto"];

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Run_ManyClients_AreServedOneAtATimeInOrder(string transport)
    {
        await using var service = new CountingServer();
        await using var host = await TestHost.StartAsync(Configuration(service.Port, transport));
        var clients = new List<Socket>();
        for (var i = 0; i < 100; i++)
        {
            clients.Add(await ConnectAsync(host.Address));
            await clients[i].SendAsync(new[] { (byte)i });
        }

        for (var i = 0; i < 100; i++)
        {
            await Eventually.TrueAsync(() => service.Said.Count == i + 1);
            clients[i].Dispose();
        }

        Assert.Equal(Enumerable.Range(0, 100).Select(static i => (byte)i), service.Said);
        Assert.Equal(1, service.Most);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Run_HalfClosedRequest_GetsItsAnswer(string transport)
    {
        await using var service = new CountingServer();
        await using var host = await TestHost.StartAsync(Configuration(service.Port, transport));
        using var holder = await ConnectAsync(host.Address);
        await holder.SendAsync("a"u8.ToArray());
        await Eventually.TrueAsync(() => service.Now == 1);
        using var client = await ConnectAsync(host.Address);
        await client.SendAsync("question"u8.ToArray());
        client.Shutdown(SocketShutdown.Send);
        holder.Dispose();

        using var answer = new MemoryStream();
        var buffer = new byte[100];
        while (await client.ReceiveAsync(buffer).WaitAsync(Eventually.Limit) is var count and > 0)
        {
            answer.Write(buffer, 0, count);
        }

        Assert.Equal("question"u8.ToArray(), answer.ToArray());
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Run_TenProbesAndFirstByte_TheServiceSeesOneClientAndOneActivation(string transport)
    {
        var started = Path.GetTempFileName();
        await using var service = new CountingServer();
        await using var host = await TestHost.StartAsync(
            Configuration(
                service.Port,
                transport,
                $$""" "ActivateOn": "FirstByte", "OnActivate": [ { "Exec": ["sh", "-c", "echo $PROXY_ACTIVATION >> {{started}}"], "AtStart": true, "Every": 5 } ] """
            )
        );
        for (var i = 0; i < 10; i++)
        {
            (await ConnectAsync(host.Address)).Dispose();
        }

        await Eventually.TrueAsync(() => host.Tracker.Count == 0);
        using var client = await TcpClientSocket.ConnectAsync(host.Address);
        Assert.Equal("x", await client.AskAsync("x"));

        Assert.Equal(1, service.All);
        Assert.Equal(["1"], await File.ReadAllLinesAsync(started));
        File.Delete(started);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Edit_FullQueue_PlacesAreKept(string transport)
    {
        await using var service = new CountingServer();
        await using var host = await TestHost.StartAsync(Configuration(service.Port, transport));
        var clients = new List<Socket>();
        for (var i = 0; i < 30; i++)
        {
            clients.Add(await ConnectAsync(host.Address));
            await clients[i].SendAsync(new[] { (byte)i });
        }

        await Eventually.TrueAsync(() => Status(host) is { Waiting.Count: 29, Holding.Count: 1 });
        for (var i = 0; i < 30; i++)
        {
            await Eventually.TrueAsync(() => service.Said.Count == i + 1);
            if (i % 10 == 3)
            {
                await host.EditAsync(Configuration(service.Port, transport, $"\"QueueTimeout\": \"00:01:0{i / 10}\""));
            }

            clients[i].Dispose();
        }

        Assert.Equal(Enumerable.Range(0, 30).Select(static i => (byte)i), service.Said);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Edit_PermitsRaisedAndLowered_AppliesAtOnceAndResetsNoClient(string transport)
    {
        await using var service = new CountingServer();
        await using var host = await TestHost.StartAsync(Configuration(service.Port, transport));
        var clients = new List<Socket>();
        for (var i = 0; i < 6; i++)
        {
            clients.Add(await ConnectAsync(host.Address));
            await clients[i].SendAsync(new[] { (byte)i });
        }

        await host.EditAsync(Configuration(service.Port, transport, "\"Permits\": 4"));
        await Eventually.TrueAsync(() => service.Now == 4);
        await host.EditAsync(Configuration(service.Port, transport, "\"Permits\": 2"));
        Assert.Equal(4, service.Now);
        clients[0].Dispose();
        clients[1].Dispose();
        await Eventually.TrueAsync(() => Status(host) is { Waiting.Count: 2, Holding.Count: 2 });
        clients[2].Dispose();

        await Eventually.TrueAsync(() => service.Said.Count == 5);
        Assert.Equal(4, service.Most);
        clients.ForEach(static client => client.Dispose());
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Edit_RouteBecomesForward_WaitersAreResetAndTheHolderContinues(string transport)
    {
        await using var service = new CountingServer();
        await using var host = await TestHost.StartAsync(Configuration(service.Port, transport));
        using var holder = await ConnectAsync(host.Address);
        await holder.SendAsync("h"u8.ToArray());
        await Eventually.TrueAsync(() => service.Now == 1);
        using var waiter = await ConnectAsync(host.Address);
        await Eventually.TrueAsync(() => Status(host)?.Waiting.Count == 1);

        await host.EditAsync(
            Configuration(service.Port, transport)
                .Replace("\"Mode\": \"Lock\",", "", StringComparison.Ordinal)
                .Replace("\"Lock\": {  }", "\"Order\": 0", StringComparison.Ordinal)
        );

        var buffer = new byte[1];
        var exception = await Assert.ThrowsAsync<SocketException>(() => waiter.ReceiveAsync(buffer).WaitAsync(Eventually.Limit));
        Assert.Equal(SocketError.ConnectionReset, exception.SocketErrorCode);
        Assert.Equal(1, await holder.ReceiveAsync(buffer));
        Assert.Equal((byte)'h', buffer[0]);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Run_ServiceDown_ClientsWaitAndAreServedWhenItIsUp(string transport)
    {
        var port = Ports.Free();
        await using var host = await TestHost.StartAsync(Configuration(port, transport));
        var locks = host.Services.GetRequiredService<LockRegistry>();
        using var unlucky = await TcpClientSocket.ConnectAsync(host.Address);
        Assert.Null(await unlucky.ReadAsync());
        await Eventually.TrueAsync(() => Status(host)?.Failures is not null);
        locks.TryPause("office", true); // else the next client is tried after a second, whether the service is up by then or not
        using var client = await TcpClientSocket.ConnectAsync(host.Address);
        await client.SendAsync("x");
        await Eventually.TrueAsync(() => Status(host)?.Waiting.Count == 1);
        await using var service = new CountingServer(port);
        locks.TryPause("office", false);

        Assert.Equal("x", await client.ReadAsync());
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Run_ClientResetsDuringActivation_OnlyTheNextIsConnected(string transport)
    {
        if (OperatingSystem.IsWindows())
        {
            return; // the hook needs a shell
        }

        var go = Path.Combine(Path.GetTempPath(), $"go-{Guid.NewGuid():N}");
        await using var service = new CountingServer();
        await using var host = await TestHost.StartAsync(
            Configuration(
                service.Port,
                transport,
                $$"""
                "OnActivate": [ { "Exec": ["/bin/sh", "-c", "until [ -e {{go}} ]; do sleep 0.02; done"] } ]
                """
            )
        );
        var gone = await ConnectAsync(host.Address);
        await Eventually.TrueAsync(() => Status(host)?.Holding.Count == 1);
        gone.Close(0);
        using var next = await ConnectAsync(host.Address);
        await next.SendAsync("n"u8.ToArray());
        await Eventually.TrueAsync(() => Status(host)?.Waiting.Count == 1); // the event loop has seen the reset by then

        await File.WriteAllTextAsync(go, "");

        await Eventually.TrueAsync(() => service.Said.Contains((byte)'n'));
        File.Delete(go);
        Assert.Equal(1, service.All);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Stop_HookNeverEnds_StopsAndKillsItsProcess(string transport)
    {
        if (!OperatingSystem.IsLinux())
        {
            return; // the test reads /proc
        }

        var file = Path.Combine(Path.GetTempPath(), $"pid-{Guid.NewGuid():N}");
        await using var service = new CountingServer();
        await using var host = await TestHost.StartAsync(
            Configuration(
                    service.Port,
                    transport,
                    $$"""
                    "OnActivate": [ { "Exec": ["/bin/sh", "-c", "echo $$ > {{file}}; exec sleep 600"], "Timeout": "00:10:00" } ]
                    """
                )
                .Replace("\"Mode\"", "\"DrainTimeout\": \"00:00:00\", \"Mode\"", StringComparison.Ordinal)
        );
        using var client = await ConnectAsync(host.Address);
        await Eventually.TrueAsync(() => File.Exists(file) && File.ReadAllText(file).EndsWith('\n'));
        var process = File.ReadAllText(file).Trim();
        File.Delete(file);
        host.Services.GetRequiredService<IOptions<HostOptions>>().Value.ShutdownTimeout = TimeSpan.FromSeconds(1); // hooks are killed after this time

        await host.StopAsync();

        Assert.False(IsAlive(process));
    }

    /// <summary>Random clients and edits of the file: the service never has more connections than permits.</summary>
    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Run_RandomClientsAndEdits_ServiceNeverSeesMoreThanPermits(string transport)
    {
        const int Permits = 3;
        await using var service = new CountingServer();
        await using var host = await TestHost.StartAsync(Configuration(service.Port, transport, RandomSettings(Permits, 0)));
        var edits = Task.Run(async () =>
        {
            for (var i = 1; i < 6; i++)
            {
                await host.EditAsync(Configuration(service.Port, transport, RandomSettings(Permits, i)));
            }
        });
        var clients = Enumerable.Range(0, 12).Select(seed => Task.Run(() => BehaveAsync(host.Address, new Random(seed))));

        await Task.WhenAll(clients.Append(edits)).WaitAsync(Eventually.Limit);

        await Eventually.TrueAsync(() => Status(host) is { Waiting.Count: 0, Holding.Count: 0 });
        Assert.InRange(service.Most, 1, Permits);
    }

    // Its file is read once: it may be gone the moment after it was there.
    private static bool IsAlive(string process)
    {
        try
        {
            return !File.ReadAllText($"/proc/{process}/stat").Contains(") Z ", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static string RandomSettings(int permits, int edit) => $"\"Permits\": {permits}, \"QueueTimeout\": \"00:0{edit}:30\"";

    private static async Task BehaveAsync(EndPoint address, Random random)
    {
        for (var i = 0; i < 40; i++)
        {
            using var socket = await ConnectAsync(address);
            try
            {
                if (random.Next(4) > 0)
                {
                    await socket.SendAsync(new byte[random.Next(1, 5000)]);
                }

                switch (random.Next(4))
                {
                    case 0:
                        socket.Close(0);
                        break;
                    case 1:
                        socket.Shutdown(SocketShutdown.Send);
                        await DrainAsync(socket);
                        break;
                    case 2:
                        await Task.Yield();
                        break;
                    default:
                        using (var limit = new CancellationTokenSource(random.Next(1, 60)))
                        {
                            await socket.ReceiveAsync(new byte[100], limit.Token);
                        }

                        break;
                }
            }
            catch (Exception exception) when (exception is SocketException or OperationCanceledException) { }
        }
    }

    private static async Task DrainAsync(Socket socket)
    {
        var buffer = new byte[4096];
        while (await socket.ReceiveAsync(buffer) > 0) { }
    }

    private static LockStatus? Status(TestHost host) => host.Services.GetRequiredService<LockRegistry>().Find("office");

    private static string Configuration(int port, string transport, string settings = "") =>
        $$"""
            { "Transport": { "Kind": "{{transport}}" },
              "Log": { "Access": { "Path": "/dev/null" } },
              "ReverseProxy": {
                "TcpRoutes": { "office": { "Listen": "127.0.0.1:0", "ClusterId": "c", "Mode": "Lock", "Lock": { {{settings}} } } },
                "Clusters": { "c": {{Json.Cluster(port)}} } } }
            """;

    private static async Task<Socket> ConnectAsync(EndPoint address)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(address);
        return socket;
    }
}

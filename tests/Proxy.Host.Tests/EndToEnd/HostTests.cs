using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Proxy.Diagnostics;
using Proxy.Host.Hosting;
using Proxy.Host.Tests.Support;
using Proxy.Revisions;

namespace Proxy.Host.Tests.EndToEnd;

/// <summary>The host with a real configuration file, which the tests edit, and real sockets.</summary>
public sealed class HostTests
{
    [Fact]
    public async Task Edit_DestinationAndInvalidFiles_NewConnectionsFollowAndOpenOnesStay()
    {
        using var one = new TcpServer("one");
        using var two = new TcpServer("two");
        await using var host = await TestHost.StartAsync(Json.Routes(Json.Route("r"), one.Port));
        var address = host.Address;
        using var longLived = await TcpClientSocket.ConnectAsync(address);
        Assert.Equal("one", await longLived.ReadAsync());

        await host.WriteAsync("{ half");
        await Eventually.TrueAsync(() => host.Status.Rejected.Count > 0);
        using var during = await TcpClientSocket.ConnectAsync(address);
        Assert.Equal("one", await during.ReadAsync());

        await host.EditAsync(Json.Routes(Json.Route("r"), two.Port));
        using var after = await TcpClientSocket.ConnectAsync(address);

        Assert.Equal("two", await after.ReadAsync());
        Assert.Equal("x", await longLived.AskAsync("x"));
        Assert.Empty(host.Status.Rejected);
    }

    [Fact]
    public async Task Dial_FirstDestinationRefuses_ConnectsToAnother()
    {
        using var good = new TcpServer("good");
        using var refusing = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        refusing.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        await using var host = await TestHost.StartAsync(
            Json.Routes(Json.Route("r"), ((IPEndPoint)refusing.LocalEndPoint!).Port, good.Port)
        );

        using var client = await TcpClientSocket.ConnectAsync(host.Address);

        Assert.Equal("good", await client.ReadAsync());
    }

    [Fact]
    public async Task Edit_PortTaken_IsPendingUntilItIsFree()
    {
        using var server = new TcpServer("hello");
        var taken = new TcpServer("other");
        await using var host = await TestHost.StartAsync(Json.Routes(Json.Route("r"), server.Port));
        var wanted = Json.Routes($$"""{{Json.Route("r")}}, "s": { "Listen": "127.0.0.1:{{taken.Port}}", "ClusterId": "c" }""", server.Port);

        await host.WriteAsync(wanted);
        await Eventually.TrueAsync(() => host.Status.Pending is not null);
        Assert.DoesNotContain("s", host.Status.Running!.Config.ReverseProxy.TcpRoutes.Keys);
        taken.Dispose();
        await Eventually.TrueAsync(() => host.Status.Pending is null && host.Status.Bound.Count == 2);

        using var client = await TcpClientSocket.ConnectAsync(taken.Port);
        Assert.Equal("hello", await client.ReadAsync());
    }

    [Fact]
    public async Task Edit_MalformedWhileAnotherIsPending_PendingIsStillRetried()
    {
        using var server = new TcpServer("hello");
        var taken = new TcpServer("other");
        await using var host = await TestHost.StartAsync(Json.Routes(Json.Route("r"), server.Port));
        await host.WriteAsync(
            Json.Routes($$"""{{Json.Route("r")}}, "s": { "Listen": "127.0.0.1:{{taken.Port}}", "ClusterId": "c" }""", server.Port)
        );
        await Eventually.TrueAsync(() => host.Status.Pending is not null);

        await host.WriteAsync("{ half");
        await Eventually.TrueAsync(() => host.Status.Rejected.Count > 0);
        Assert.NotNull(host.Status.Pending);
        taken.Dispose();
        await Eventually.TrueAsync(() => host.Status.Pending is null && host.Status.Bound.Count == 2);

        Assert.NotEmpty(host.Status.Rejected);
        using var client = await TcpClientSocket.ConnectAsync(taken.Port);
        Assert.Equal("hello", await client.ReadAsync());
    }

    [Fact]
    public async Task Edit_RevertedWhilePending_NothingIsPending()
    {
        using var server = new TcpServer("hello");
        using var taken = new TcpServer("other");
        var running = Json.Routes(Json.Route("r"), server.Port);
        await using var host = await TestHost.StartAsync(running);
        await host.WriteAsync(
            Json.Routes($$"""{{Json.Route("r")}}, "s": { "Listen": "127.0.0.1:{{taken.Port}}", "ClusterId": "c" }""", server.Port)
        );
        await Eventually.TrueAsync(() => host.Status.Pending is not null);

        await host.WriteAsync(running);

        await Eventually.TrueAsync(() => host.Status.Pending is null);
        Assert.Single(host.Status.Bound);
    }

    [Fact]
    public async Task Edit_UnderConstantConnections_NoneRefusedOrReset()
    {
        using var one = new TcpServer("1");
        using var two = new TcpServer("2");
        await using var host = await TestHost.StartAsync(Json.Routes(Json.Route("r"), one.Port));
        var address = host.Address;
        using var longLived = await TcpClientSocket.ConnectAsync(address);
        await longLived.ReadAsync();
        using var stop = new CancellationTokenSource();
        var load = Task.WhenAll(Enumerable.Range(0, 4).Select(_ => ConnectUntilAsync(address, stop.Token)));

        for (var edit = 0; edit < 100; edit++)
        {
            var more = edit % 2 == 0 ? $"\"IdleTimeout\": \"00:{(edit % 59) + 1:00}:00\"" : $"\"MaxDuration\": \"01:{edit % 60:00}:00\"";
            var added = edit % 3 == 0 ? "," + Json.Route($"x{edit}", address: "127.0.0.2") : "";
            if (edit % 5 == 0)
            {
                await host.WriteAsync("{ bad");
            }

            await host.EditAsync(Json.Routes(Json.Route("r", more) + added, edit % 4 < 2 ? two.Port : one.Port));
        }

        await stop.CancelAsync();
        Assert.True(await load.WaitAsync(Eventually.Limit) is { } served && served.Sum() > 0);
        Assert.Equal("y", await longLived.AskAsync("y"));
    }

    [Fact]
    public async Task Edit_RouteRemoved_ItsConnectionsDrainAndOthersStay()
    {
        using var server = new TcpServer("hello");
        await using var host = await TestHost.StartAsync(
            Json.Routes(Json.Route("stays") + "," + Json.Route("goes", "\"DrainTimeout\": \"00:00:00\"", "127.0.0.2"), server.Port)
        );
        using var kept = await TcpClientSocket.ConnectAsync(host.AddressOf("127.0.0.1"));
        using var cut = await TcpClientSocket.ConnectAsync(host.AddressOf("127.0.0.2"));
        await kept.ReadAsync();
        await cut.ReadAsync();

        await host.EditAsync(Json.Routes(Json.Route("stays"), server.Port));

        Assert.Null(await cut.ReadAsync());
        Assert.Equal("x", await kept.AskAsync("x"));
    }

    [Fact]
    public async Task Edit_WhileConnectionsDrain_DrainTimeIsUnchanged()
    {
        using var server = new TcpServer("hello");
        var goes = "," + Json.Route("goes", "\"DrainTimeout\": \"00:10:00\"", "127.0.0.2");
        await using var host = await TestHost.StartAsync(
            Json.Routes(Json.Route("stays", "\"DrainTimeout\": \"00:00:00\"") + goes, server.Port)
        );
        using var draining = await TcpClientSocket.ConnectAsync(host.AddressOf("127.0.0.2"));
        await draining.ReadAsync();

        await host.EditAsync(Json.Routes(Json.Route("stays", "\"DrainTimeout\": \"00:00:00\""), server.Port));
        await host.EditAsync(
            Json.Routes(Json.Route("stays", "\"DrainTimeout\": \"00:00:00\", \"IdleTimeout\": \"00:01:00\""), server.Port)
        );

        Assert.Equal("x", await draining.AskAsync("x"));
        draining.End();
        Assert.Equal("", await draining.ReadAsync());
    }

    [Fact]
    public async Task Edit_RouteRemovedUnderABurst_AllItsConnectionsDrain()
    {
        using var server = new TcpServer("hello");
        var goes = "," + Json.Route("goes", "\"DrainTimeout\": \"00:00:00.1\"", "127.0.0.2");
        await using var host = await TestHost.StartAsync(Json.Routes(Json.Route("stays") + goes, server.Port));
        var address = host.AddressOf("127.0.0.2");
        var clients = new Queue<TcpClientSocket>();
        var burst = Task.Run(async () =>
        {
            while (true) // until a connection is refused
            {
                clients.Enqueue(await TcpClientSocket.ConnectAsync(address));
                if (clients.Count > 1000)
                {
                    clients.Dequeue().Dispose();
                }
            }
        });
        await Eventually.TrueAsync(() => host.Tracker.Count > 20);

        await host.EditAsync(Json.Routes(Json.Route("stays"), server.Port));

        await Assert.ThrowsAsync<SocketException>(() => burst.WaitAsync(Eventually.Limit));
        await Eventually.TrueAsync(() => host.Tracker.Count == 0);
        clients.ToList().ForEach(static client => client.Dispose());
    }

    [Fact]
    public async Task Edit_ClusterRenamedUnderConstantConnections_NoneRefusedOrReset()
    {
        using var server = new TcpServer("1");
        await using var host = await TestHost.StartAsync(Json.Routes(Json.Route("r"), server.Port));
        using var stop = new CancellationTokenSource();
        var load = Task.WhenAll(Enumerable.Range(0, 4).Select(_ => ConnectUntilAsync(host.Address, stop.Token)));

        for (var edit = 0; edit < 20; edit++)
        {
            var json = Json.Routes(Json.Route("r"), server.Port).Replace("\"c\"", $"\"c{edit}\"", StringComparison.Ordinal);
            await host.EditAsync(json);
        }

        await stop.CancelAsync();
        Assert.True((await load.WaitAsync(Eventually.Limit)).Sum() > 0);
    }

    [Fact]
    public async Task Stop_ConnectionOpen_IsResetAfterTheDrainTime()
    {
        using var server = new TcpServer("hello");
        var time = new ManualTime();
        await using var host = await TestHost.StartAsync(
            Json.Routes(Json.Route("r", "\"DrainTimeout\": \"00:03:00\""), server.Port),
            services => services.AddSingleton<TimeProvider>(time)
        );
        var address = host.Address;
        using var client = await TcpClientSocket.ConnectAsync(address);
        await client.ReadAsync();
        var record = host.Tracker.Open.Single();

        var stopping = host.StopAsync();
        await Eventually.TrueAsync(() => host.Status.Bound.Count == 0 || host.Status.Draining);
        time.Advance(TimeSpan.FromSeconds(170)); // of the 180
        Assert.Equal("x", await client.AskAsync("x"));

        var end = client.ReadAsync();
        await time.AdvanceUntilAsync(TimeSpan.FromSeconds(10), () => end.IsCompleted);
        Assert.Null(await end);
        await time.AdvanceUntilAsync(TimeSpan.FromSeconds(10), () => stopping.IsCompleted);
        await stopping;
        Assert.Equal(ConnectionOutcome.Drained, record.Outcome);
        // A process that another test is starting has a copy of the listening socket until it runs its program.
        await Eventually.TrueAsync(async () => !await Programs.AcceptsAsync(address));
    }

    [Fact]
    public async Task Stop_ShutdownDelay_AcceptsConnectionsDuringTheDelay()
    {
        using var server = new TcpServer("hello");
        var json = Json.Routes(Json.Route("r", "\"DrainTimeout\": \"00:00:00\""), server.Port);
        var time = new ManualTime();
        await using var host = await TestHost.StartAsync(
            json.Insert(1, "\"ShutdownDelay\": \"00:03:00\","),
            services => services.AddSingleton<TimeProvider>(time)
        );
        var address = host.Address;

        var stopping = host.StopAsync();
        await Eventually.TrueAsync(() => host.Status.Draining);
        time.Advance(TimeSpan.FromSeconds(170)); // of the 180
        using var client = await TcpClientSocket.ConnectAsync(address);

        Assert.Equal("hello", await client.ReadAsync());
        Assert.False(host.Status.Ready);
        await time.AdvanceUntilAsync(TimeSpan.FromSeconds(10), () => stopping.IsCompleted);
        await stopping;
    }

    [Fact]
    public void Build_InvalidFile_ThrowsWithAllErrors()
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection([new("ReverseProxy:TcpRoutes:a:Listen", "x"), new("ReverseProxy:TcpRoutes:a:ClusterId", "y")])
            .Build();

        var exception = Assert.Throws<InvalidConfigException>(() => ProxyApplication.Build(configuration, new WebApplicationOptions()));

        Assert.Equal(2, exception.Problems.Count);
    }

    /// <summary>Opens one connection after the other and exchanges data on each, until the stop; throws if a connection fails.</summary>
    private static async Task<int> ConnectUntilAsync(EndPoint address, CancellationToken stop)
    {
        var served = 0;
        while (!stop.IsCancellationRequested)
        {
            using var client = await TcpClientSocket.ConnectAsync(address);
            Assert.Contains(await client.ReadAsync(), (string?[])["1", "2"]);
            Assert.Equal("ping", await client.AskAsync("ping"));
            client.End();
            Assert.Equal("", await client.ReadAsync());
            served++;
        }

        return served;
    }
}

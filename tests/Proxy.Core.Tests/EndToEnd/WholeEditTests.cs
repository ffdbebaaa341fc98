using System.Net;
using System.Net.Sockets;
using System.Text;
using Proxy.Locking;
using Proxy.Multiplexing;
using Proxy.Revisions;

namespace Proxy.Core.Tests.EndToEnd;

/// <summary>An edit applies whole or not at all, wherever it fails.</summary>
public sealed class WholeEditTests : IDisposable
{
    private readonly Socket _one = Greet("one");
    private readonly Socket _two = Greet("two");
    private readonly int[] _ports = [.. Enumerable.Range(0, 5).Select(static _ => Ports.Free())];

    private int Old => _ports[0];

    private int New => _ports[1];

    private int Other => _ports[2];

    private int Tunnel => _ports[3];

    private string StateFile => Path.Combine(Path.GetTempPath(), $"whole-{Tunnel}.json");

    [Theory]
    [InlineData("read", "ReverseProxy")]
    [InlineData("YARP", "ReverseProxy")]
    [InlineData("begin ForwardRouteFactory", "")]
    [InlineData("begin LockRouteFactory", "")]
    [InlineData("begin MultiplexRouteFactory", "")]
    [InlineData("begin ConnectorRouteFactory", "")]
    [InlineData("build ForwardRouteFactory", "ReverseProxy:TcpRoutes:forward")]
    [InlineData("build LockRouteFactory", "ReverseProxy:TcpRoutes:lock")]
    [InlineData("build MultiplexRouteFactory", "ReverseProxy:TcpRoutes:multiplex")]
    [InlineData("build ConnectorRouteFactory", "ReverseProxy:TcpRoutes:channel")]
    public async Task Edit_StepFails_NothingOfItAppliesAndTheNextOneDoes(string step, string path)
    {
        await using var host = await EditedHost.StartAsync(Json(Old, _one, permits: 1));
        var before = host.State;

        host.Faults.Ordered = step;
        await host.EditAsync(Json(New, _two, permits: 2, "lock2"));

        var problem = Assert.Single(host.State.Rejected);
        Assert.Equal(path, problem.Path);
        Assert.Contains($"ordered at {step}", problem.Message, StringComparison.Ordinal);
        Assert.Equal(path.Length > 0, problem.Line is not null);
        Assert.Null(host.State.Pending);
        await AssertRunsAsync(host, before, Old, "one", New, permits: 1);

        host.Faults.Ordered = null;
        await host.EditAsync(Json(New, _two, permits: 3, "lock2"));

        await AssertRunsAsync(host, host.State, New, "two", Old, permits: 3);
        Assert.NotSame(before.Running, host.State.Running);
        Assert.Equal((0, null), (host.State.Rejected.Count, host.State.Pending));
        Assert.Equal(["lock", "lock2"], host.Service<LockRegistry>().List().Select(static one => one.RouteId));
    }

    [Fact]
    public async Task Edit_SecondAddressCannotBeBound_FirstIsGivenBackAndTheEditWaits()
    {
        await using var host = await EditedHost.StartAsync(Json(Old, _one, permits: 1));
        var before = host.State;

        host.Service<Faults.Listeners>().Port = Other;
        host.Faults.Ordered = "bind";
        await host.EditAsync(Json(New, _two, permits: 2, "lock2", Other));

        Assert.Contains($"127.0.0.1:{Other}", host.State.Pending, StringComparison.Ordinal);
        Assert.Empty(host.State.Rejected);
        await AssertRunsAsync(host, before, Old, "one", New, permits: 1);

        host.Faults.Ordered = null;
        await Eventually.TrueAsync(() => host.State.Pending is null);

        await AssertRunsAsync(host, host.State, New, "two", Old, permits: 2);
        Assert.NotSame(before.Running, host.State.Running);
    }

    [Theory]
    [InlineData("use LockRouteFactory")]
    [InlineData("use MultiplexRouteFactory")]
    public async Task Edit_WhatOutlivesEditsDoesNotFollow_EditAppliesWhole(string step)
    {
        await using var host = await EditedHost.StartAsync(Json(Old, _one, permits: 1));

        host.Faults.Ordered = step;
        await host.EditAsync(Json(New, _two, permits: 2));

        Assert.Equal((0, null), (host.State.Rejected.Count, host.State.Pending));
        await AssertRunsAsync(host, host.State, New, "two", Old, permits: 2);
    }

    [Fact]
    public async Task Edit_SourceNetworkIsOneAddress_Applies()
    {
        await using var host = await EditedHost.StartAsync(Json(Old, _one, permits: 1));

        await host.EditAsync(
            Json(New, _two, permits: 1)
                .Replace("\"Match\": {}", "\"Match\": { \"SourceNetworks\": [\"127.0.0.1\"] }", StringComparison.Ordinal)
        );

        Assert.Empty(host.State.Rejected);
        await AssertRunsAsync(host, host.State, New, "two", Old, permits: 1);
    }

    [Fact]
    public async Task Start_TunnelAddressTaken_NothingListens()
    {
        using var taken = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, Tunnel));
        taken.Listen();

        await Assert.ThrowsAsync<Proxy.Listeners.BindException>(() => EditedHost.StartAsync(Json(Old, _one, permits: 1)));

        Assert.Null(await EditedHost.AskAsync(Old));
    }

    [Fact]
    public async Task Start_PipelineCannotBeBuilt_ProblemNamesTheRoute()
    {
        var json = Json(Old, _one, permits: 1);

        var exception = await Assert.ThrowsAsync<InvalidConfigException>(() => EditedHost.StartAsync(json, "build LockRouteFactory"));

        var problem = Assert.Single(exception.Problems);
        Assert.Equal("ReverseProxy:TcpRoutes:lock", problem.Path);
        Assert.NotNull(problem.Line);
        Assert.Null(await EditedHost.AskAsync(Old));
    }

    public void Dispose()
    {
        _one.Dispose();
        _two.Dispose();
        File.Delete(StateFile);
        File.Delete(Path.ChangeExtension(StateFile, ".members"));
    }

    /// <summary>Sockets, YARP, locks, sessions and state say the same.</summary>
    private static async Task AssertRunsAsync(EditedHost host, ProxyState state, int serves, string greeting, int refuses, int permits)
    {
        Assert.Equal(greeting, await EditedHost.AskAsync(serves));
        await Eventually.TrueAsync(async () => await EditedHost.AskAsync(refuses) is null); // a retired listener closes in the background
        Assert.Equal(state.Running, host.State.Running);
        Assert.Equal(state.AppliedAt, host.State.AppliedAt);
        Assert.Equal(state.Bound, host.State.Bound);
        Assert.Contains(state.Bound.Values, address => ((IPEndPoint)address).Port == serves);
        Assert.DoesNotContain(state.Bound.Values, address => ((IPEndPoint)address).Port == refuses);
        var backend = state.Running!.Config.ReverseProxy.Clusters["c"].Destinations["d"].Address;
        Assert.Equal(backend, host.YarpAddress("c", "d"));
        Assert.Equal(permits, host.Service<LockRegistry>().Find("lock")!.Permits);
        Assert.Equal(backend, Assert.Single(host.Service<MultiplexRegistry>().Status).Address);
        Assert.Equal(
            state.Running.Config.ReverseProxy.TcpRoutes.Values.Count(static route => route.Lock is not null),
            host.Service<LockRegistry>().List().Count
        );
    }

    private string Json(int port, Socket backend, int permits, string? second = null, int another = 0) =>
        $$"""
            {
              "Channels": {
                "Group": "test", "Instance": { "Id": "A_1" },
                "Tunnel": { "Url": "http://127.0.0.1:{{Tunnel}}", "DrainTimeout": "00:00:00" },
                "Loopback": { "Mode": "Port", "StateFile": "{{StateFile}}" },
                "Items": { "db": { "Type": "Request", "Connector": "db", "Port": {{_ports[4]}} } }
              },
              "ReverseProxy": {
                "TcpRoutes": {
                  "forward": { "Listen": "127.0.0.1:{{port}}", "ClusterId": "c", "Match": {} },
                  "channel": { "Listen": "127.0.0.4:0", "Connector": "db" },
                  "lock": { "Listen": "127.0.0.1:{{another}}", "ClusterId": "l", "Mode": "Lock", "Lock": { "Permits": {{permits}} } },
                  {{(
                second is null ? "" : $$""" "{{second}}": { "Listen": "127.0.0.2:0", "ClusterId": "l2", "Mode": "Lock", "Lock": { "Permits": 1 } }, """
            )}}
                  "multiplex": { "Listen": "127.0.0.3:0", "ClusterId": "m", "Mode": "Multiplex" }
                },
                "Clusters": {
                  "c": { "Destinations": { "d": { "Address": "tcp://127.0.0.1:{{backend.Port()}}" } } },
                  "l": { "Destinations": { "d": { "Address": "tcp://127.0.0.1:{{backend.Port()}}" } } },
                  "l2": { "Destinations": { "d": { "Address": "tcp://127.0.0.1:{{backend.Port()}}" } } },
                  "m": { "Multiplex": { "Protocol": "line" }, "Destinations": { "d": { "Address": "tcp://127.0.0.1:{{backend.Port()}}" } } }
                }
              }
            }
            """;

    private static Socket Greet(string greeting)
    {
        var listener = Loopback.Listen();
        _ = GreetAllAsync(listener, Encoding.ASCII.GetBytes(greeting));
        return listener;
    }

    private static async Task GreetAllAsync(Socket listener, byte[] greeting)
    {
        try
        {
            while (true)
            {
                using var client = await listener.AcceptAsync();
                await client.SendAsync(greeting);
                client.Shutdown(SocketShutdown.Both);
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }
}

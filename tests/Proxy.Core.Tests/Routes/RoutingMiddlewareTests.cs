using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Configuration.Routes;
using Proxy.Connections;
using Proxy.Connections.Linux;
using Proxy.Connections.Sockets;
using Proxy.Diagnostics;
using Proxy.Routes;
using Proxy.Timing;

namespace Proxy.Core.Tests.Routes;

public sealed class RoutingMiddlewareTests
{
    private readonly List<string> _taken = [];

    [Fact]
    public void OnConnection_SeveralMatch_OnlyTheFirstInOrderTakesIt()
    {
        var record = Run(IPEndPoint.Parse("10.0.0.1:5000"), Route("other", "192.0.2.0/24"), Route("b", "10.0.0.0/8"), Route("a"));

        Assert.Equal(["b"], _taken);
        Assert.Equal("b", record.RouteId);
        Assert.Null(record.Outcome);
    }

    [Theory]
    [InlineData("192.0.2.0/24")]
    [InlineData(null)]
    public void OnConnection_NoneMatches_ResetAsNoRoute(string? network)
    {
        var connection = new FakeConnection { RemoteEndPoint = IPEndPoint.Parse("10.0.0.1:5000") };

        var record = Run(connection, network is null ? [] : [Route("other", network)]);

        Assert.Empty(_taken);
        Assert.Null(record.RouteId);
        Assert.Equal(ConnectionOutcome.NoRoute, record.Outcome);
        Assert.True(connection.Aborted);
    }

    [Theory]
    [InlineData("10.1.0.0/16", "10.1.255.255", true)]
    [InlineData("10.1.0.0/16", "10.2.0.0", false)]
    [InlineData("10.1.2.3/32", "10.1.2.3", true)]
    [InlineData("10.1.2.3/32", "10.1.2.4", false)]
    [InlineData("0.0.0.0/0", "203.0.113.9", true)]
    [InlineData("0.0.0.0/0", "2001:db8::1", false)]
    [InlineData("2001:db8::/32", "2001:db8:ffff::1", true)]
    [InlineData("2001:db8::/32", "2001:db9::1", false)]
    [InlineData("::1/128", "::1", true)]
    [InlineData("::/0", "2001:db8::1", true)]
    [InlineData("::/0", "10.1.2.3", false)]
    public void OnConnection_SourceNetwork_TakesItsOwnClients(string network, string client, bool expected)
    {
        Run(new IPEndPoint(IPAddress.Parse(client), 5000), Route("r", network));

        Assert.Equal(expected, _taken is ["r"]);
    }

    [Theory]
    [InlineData("10.0.0.1", true)]
    [InlineData("2001:db8::1", true)]
    [InlineData("10.0.0.2", false)]
    public void OnConnection_SeveralNetworks_AnyOfThemIsEnough(string client, bool expected)
    {
        Run(new IPEndPoint(IPAddress.Parse(client), 5000), Route("r", "192.0.2.0/24", "10.0.0.1/32", "2001:db8::/32"));

        Assert.Equal(expected, _taken is ["r"]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void OnConnection_UnixClient_OnlyARouteWithoutNetworksTakesIt(bool named)
    {
        // A client that has bound no path has no address at all.
        var client = named ? new UnixDomainSocketEndPoint("/tmp/client.sock") : null;

        Run(client, Route("networks", "0.0.0.0/0", "::/0"), Route("all"));

        Assert.Equal(["all"], _taken);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task OnConnection_IPv4ClientOfADualStackSocket_MatchesIPv4Networks(bool loops)
    {
        using var clock = new DeadlineClock(TimeProvider.System);
        using var group = new EventLoopGroup(1, null, NullLogger.Instance);
        IConnectionListenerFactory factory =
            loops && OperatingSystem.IsLinux()
                ? new EpollTransportFactory(new EpollDependencies(group, new BufferPool()))
                : new SocketTransportFactory(new BufferPool(), clock, TimeProvider.System);
        await using var listener = await factory.BindAsync(
            new ListenEndPoint(new IPEndPoint(IPAddress.Loopback.MapToIPv6(), 0), dualStack: true)
        );
        using var peer = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await peer.ConnectAsync(IPAddress.Loopback, ((IPEndPoint)listener.EndPoint).Port);
        await using var connection = (await listener.AcceptAsync())!;

        Run(connection, [Route("v6", "::/0"), Route("v4", "127.0.0.1/32")]);

        Assert.Equal(["v4"], _taken);
    }

    private ConnectionRecord Run(EndPoint? client, params RouteEntry[] routes) =>
        Run(new FakeConnection { RemoteEndPoint = client }, routes);

    private ConnectionRecord Run(ConnectionContext connection, RouteEntry[] routes)
    {
        var record = new ConnectionRecord(connection, "endpoint", "", TimeProvider.System);
        record.Attach();
        var table = new RouteTable(routes, new([]), TimeSpan.FromSeconds(5));
        var pipelines = routes.ToDictionary(static entry => entry.RouteId, Pipeline);
        var running = new RoutingMiddleware(table, pipelines, static _ => Task.CompletedTask).OnConnectionAsync(connection);
        Assert.True(running.IsCompletedSuccessfully);
        return record;
    }

    private static RouteEntry Route(string id, params string[] networks) =>
        new(id, 0, null, new() { SourceNetworks = [.. networks.Select(static network => IPNetwork.Parse(network))] });

    private RoutePipeline Pipeline(RouteEntry entry)
    {
        return new(Take, Take, null, null, static _ => { });

        Task Take(ConnectionContext connection)
        {
            _taken.Add(entry.RouteId);
            return Task.CompletedTask;
        }
    }
}

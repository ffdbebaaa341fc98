using System.Net;
using System.Net.Sockets;
using Proxy.Conditions;
using Proxy.Conditions.Rules;
using Proxy.Core.Tests.Multiplexing;
using Proxy.Diagnostics;
using Proxy.Revisions;
using Yarp.ReverseProxy;
using Yarp.ReverseProxy.Model;

namespace Proxy.Core.Tests.Conditions.Rules;

/// <summary>A route to a destination whose socket is bound: it refuses connections until it listens.</summary>
public sealed class DestinationConditionsTests : IAsyncLifetime
{
    private readonly ManualTime _time = new();
    private readonly Socket _server = Loopback.Reserve();
    private Multiplexer? _proxy;

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Read_ThreeDialsRefusedWithChecksOff_DownSinceTheFirstUntilOneSucceeds(string transport)
    {
        await StartAsync(transport);
        Assert.Equal((ConditionLevel.Ok, ConditionReason.NotChecked), (Condition.Level, Condition.Reason));
        var first = _time.GetUtcNow();
        for (var dial = 1; dial <= 3; dial++)
        {
            await ComeAsync();
            Assert.Equal(dial < 3 ? ConditionLevel.Degraded : ConditionLevel.Down, Condition.Level);
            _time.Advance(TimeSpan.FromMinutes(10));
        }

        Assert.Equal((ConditionReason.ConnectFailed, first, 3), (Condition.Reason, Condition.Since, Condition.Count));
        Assert.Contains("refused", Condition.LastError, StringComparison.OrdinalIgnoreCase);
        Assert.Equal((ConditionLevel.Down, ConditionReason.DestinationsDown), (Cluster.Level, Cluster.Reason));
        Assert.Equal("Off", Assert.Single(_proxy!.Service<ClusterRegistry>().List()[0].Destinations).Checks);

        _server.Listen();
        using var client = await _proxy!.ConnectAsync();
        using var accepted = await _server.AcceptAsync();
        await Eventually.TrueAsync(() => Condition.Level == ConditionLevel.Ok);
        Assert.Equal((ConditionReason.None, ConditionLevel.Ok), (Condition.Reason, Cluster.Level));
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Read_ResetsEverybody_DownThoughDialsSucceed(string transport)
    {
        await StartAsync(transport);
        _server.Listen();
        var resetting = ResetAllAsync();

        await ComeAsync();
        await ComeAsync();
        Assert.Equal((ConditionLevel.Degraded, ConditionLevel.Ok), (Condition.Level, Cluster.Level));
        await ComeAsync();

        Assert.Equal((ConditionLevel.Down, ConditionReason.ClientsFail, 3), (Condition.Level, Condition.Reason, Condition.Count));
        Assert.Equal(ConditionLevel.Down, Cluster.Level);
        Assert.Contains("3 of 3 in the last minute; the last: Reset", Condition.LastError, StringComparison.Ordinal);
        Assert.Contains((FailureReason.Reset, 3L), _proxy!.Service<RecentOutcomes>().Of("c", "d").Failures);
        _server.Dispose();
        await resetting;
    }

    [Fact]
    public async Task Read_CheckFails_DegradedAndDownOnceItIsTakenOut()
    {
        await StartAsync(Multiplexer.Portable);
        var since = _time.GetUtcNow();
        _proxy!.Service<RecentOutcomes>().Of("c", "d").Checked(Address, "no answer in time");
        Assert.Equal((ConditionLevel.Degraded, ConditionReason.CheckFailed), (Condition.Level, Condition.Reason));

        State.Health.Active = DestinationHealth.Unhealthy;

        Assert.Equal((ConditionLevel.Down, since, "no answer in time"), (Condition.Level, Condition.Since, Condition.LastError));
    }

    [Fact]
    public async Task Read_AddressEdited_FailuresOfTheEarlierOneSayNothing()
    {
        await StartAsync(Multiplexer.Portable);
        await ComeAsync();
        await ComeAsync();
        await ComeAsync();
        Assert.Equal(ConditionLevel.Down, Condition.Level);
        using var other = new TcpServer("hello");
        await _proxy!.EditAsync(Json(other.Port));
        using var client = await _proxy!.ConnectAsync();
        await Eventually.TrueAsync(() => Condition.Level == ConditionLevel.Ok);
    }

    [Fact]
    public async Task Read_BrokenOneIsDrained_DegradedAndItsClusterDown()
    {
        await StartAsync(Multiplexer.Portable);
        _proxy!.Service<RecentOutcomes>().Of("c", "d").Checked(Address, "no answer in time");
        State.Health.Active = DestinationHealth.Unhealthy;
        Assert.Equal(ConditionLevel.Down, Condition.Level);
        _time.Advance(TimeSpan.FromMinutes(1));
        var since = _time.GetUtcNow();

        Assert.True(_proxy!.Service<ClusterRegistry>().TryDrain("c", "d"));

        Assert.Equal(
            (ConditionLevel.Degraded, ConditionReason.Drained, "no answer in time"),
            (Condition.Level, Condition.Reason, Condition.LastError)
        );
        Assert.Equal((ConditionLevel.Down, ConditionReason.NoDestination, since), (Cluster.Level, Cluster.Reason, Cluster.Since));
        Assert.True(_proxy!.Service<ClusterRegistry>().TryUndrain("c", "d"));
        Assert.Equal(ConditionReason.DestinationsDown, Cluster.Reason);
    }

    [Theory]
    [InlineData(false, ConditionLevel.Degraded)]
    [InlineData(true, ConditionLevel.Down)]
    public async Task Read_OneIsDownAndTheOtherPerhapsDrained_DownIfNothingIsLeft(bool drained, ConditionLevel level)
    {
        await StartAsync(Multiplexer.Portable, """, "e": { "Address": "tcp://127.0.0.1:1" }""");
        State.Health.Active = DestinationHealth.Unhealthy;
        Assert.Equal(drained, drained && _proxy!.Service<ClusterRegistry>().TryDrain("c", "e"));

        Assert.Equal((level, ConditionReason.DestinationsDown), (Cluster.Level, Cluster.Reason));
    }

    [Fact]
    public async Task Read_NoDestinations_DownIfARouteUsesIt()
    {
        const string Json = """
            { "ReverseProxy": {
                "TcpRoutes": { "r": { "Listen": "127.0.0.1:0", "ClusterId": "c" } },
                "Clusters": { "c": { "Destinations": { "d": { "Address": "srv://_db._tcp.test" } } }, "unused": { "Destinations": {} } } } }
            """;
        await using var host = await EditedHost.StartAsync(Json);

        var clusters = host.Service<ConditionRegistry>()
            .Read()
            .Where(static one => one.Kind == ConditionKind.Cluster)
            .ToDictionary(static one => one.Id);

        Assert.Equal((ConditionLevel.Down, ConditionReason.NoDestination), (clusters["c"].Level, clusters["c"].Reason));
        Assert.NotNull(clusters["c"].Since);
        Assert.Equal((ConditionLevel.Ok, ConditionReason.NoDestination), (clusters["unused"].Level, clusters["unused"].Reason));
    }

    [Fact]
    public async Task Read_ErrorWithControlCharacters_IsPrintable()
    {
        await StartAsync(Multiplexer.Portable);
        _proxy!.Service<RecentOutcomes>().Of("c", "d").Checked(Address, "\u001b[2Jgone\n" + new string('x', 1000));

        Assert.DoesNotContain(Condition.LastError!, char.IsControl);
        Assert.InRange(Condition.LastError!.Length, 1, 220);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await (_proxy?.DisposeAsync() ?? default);
        _server.Dispose();
    }

    private int Port => ((IPEndPoint)_server.LocalEndPoint!).Port;

    private string Address => $"tcp://127.0.0.1:{Port}";

    private Condition Condition => Of(ConditionKind.Destination, "c/d");

    private Condition Cluster => Of(ConditionKind.Cluster, "c");

    private DestinationState State =>
        _proxy!.Service<IProxyStateLookup>().TryGetCluster("c", out var cluster)
            ? cluster.Destinations["d"]
            : throw new InvalidOperationException();

    private Condition Of(ConditionKind kind, string id) =>
        Assert.Single(_proxy!.Service<ConditionRegistry>().Read(), one => one.Kind == kind && one.Id == id);

    private static string Json(int port, string more = "") =>
        $$"""
            { "ReverseProxy": {
                "TcpRoutes": { "r": { "Listen": "127.0.0.1:0", "ClusterId": "c" } },
                "Clusters": { "c": { "Tcp": { "ConnectAttempts": 1 }, "Destinations": { "d": { "Address": "tcp://127.0.0.1:{{port}}" } {{more}} } } } } }
            """;

    private Task StartAsync(string transport, string more = "")
    {
        _proxy = new Multiplexer(transport, _time);
        return _proxy.EditAsync(Json(Port, more));
    }

    private async Task ComeAsync()
    {
        var ended = Ended;
        try
        {
            using var client = await _proxy!.ConnectAsync();
            await client.SendAsync("hello"u8.ToArray());
            await Eventually.TrueAsync(() => Ended > ended);
        }
        catch (SocketException)
        {
            await Eventually.TrueAsync(() => Ended > ended); // the client may see the reset first
        }
    }

    private int Ended => _proxy!.Service<RecentOutcomes>().Ends.List.Count;

    private async Task ResetAllAsync()
    {
        try
        {
            while (true)
            {
                using var client = await _server.AcceptAsync();
                client.LingerState = new(true, 0);
                await client.ReceiveAsync(new byte[16]); // before that it would be a failed dial
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }
}

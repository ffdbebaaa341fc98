using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Admission;
using Proxy.Conditions;
using Proxy.Conditions.Rules;
using Proxy.Configuration.Networks;
using Proxy.Configuration.Routes;
using Proxy.Diagnostics;

namespace Proxy.Core.Tests.Conditions.Rules;

public sealed class LimitConditionsTests
{
    private readonly ManualTime _time = new();
    private readonly Limiters _limiters;
    private readonly LimitConditions _conditions;

    public LimitConditionsTests()
    {
        _limiters = new(new ConnectionTracker(), _time, NullLogger<Limiters>.Instance);
        _conditions = new(_limiters);
    }

    [Fact]
    public void Read_NoClientRefused_Nothing()
    {
        Use(new() { MaxConnections = 1 });
        Come();

        Assert.Empty(_conditions.Read());
    }

    [Fact]
    public void Read_ClientsRefused_DegradedSinceTheFirstWithKeyValueAndCount()
    {
        Use(new() { MaxConnections = 1 });
        Come();
        _time.Advance(TimeSpan.FromMinutes(5));
        var since = _time.GetUtcNow();
        for (var i = 0; i < 4; i++)
        {
            Come();
            _time.Advance(TimeSpan.FromSeconds(25));
        }

        var limit = Condition;
        Assert.Equal((ConditionKind.Limit, "r/MaxConnections"), (limit.Kind, limit.Id));
        Assert.Equal((ConditionLevel.Degraded, ConditionReason.LimitReached), (limit.Level, limit.Reason));
        Assert.Equal((since, 4), (limit.Since, limit.Count));
        Assert.Equal("MaxConnections 1: 2 clients refused in the last minute", limit.LastError);
    }

    [Fact]
    public void Read_NoneRefusedForAMinute_NothingAndAnotherRunBeginsAnew()
    {
        Use(new() { MaxConnections = 1 });
        Come();
        Come();
        _time.Advance(TimeSpan.FromSeconds(54));
        Assert.Equal("MaxConnections 1: 1 client refused in the last minute", Condition.LastError);
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.Empty(_conditions.Read());

        Come();

        Assert.Equal((_time.GetUtcNow(), 1), (Condition.Since, Condition.Count));
    }

    [Theory]
    [InlineData("MaxConnectionsPerSource")]
    [InlineData("ConnectionsPerSecond")]
    [InlineData("ConnectionsPerSecondPerSource")]
    public void Read_OtherLimits_NamedByTheirKey(string key)
    {
        Use(
            key switch
            {
                "MaxConnectionsPerSource" => new() { MaxConnectionsPerSource = 2 },
                "ConnectionsPerSecond" => new() { ConnectionsPerSecond = 2 },
                _ => new() { ConnectionsPerSecondPerSource = 2 },
            }
        );
        for (var i = 0; i < 3; i++)
        {
            Come();
        }

        Assert.Equal(($"r/{key}", $"{key} 2: 1 client refused in the last minute"), (Condition.Id, Condition.LastError));
    }

    [Fact]
    public void Read_LimitIsRaisedOrRemoved_TellsThePresentOne()
    {
        Use(new() { MaxConnections = 1 });
        Come();
        Come();

        Use(new() { MaxConnections = 5 });
        Assert.StartsWith("MaxConnections 5: ", Condition.LastError, StringComparison.Ordinal);
        Use(new() { ConnectionsPerSecond = 5 });

        Assert.Empty(_conditions.Read());
    }

    [Fact]
    public void Read_DryRun_NoFaultButSaidWhy()
    {
        Use(new() { MaxConnections = 1, DryRun = true });
        Come();
        Come();

        Assert.Equal((ConditionLevel.Ok, ConditionReason.LimitReached, null), (Condition.Level, Condition.Reason, Condition.Since));
        Assert.Equal("DryRun: MaxConnections 1: 1 client would have been refused in the last minute", Condition.LastError);
    }

    [Fact]
    public void Read_DeniedByANetwork_Nothing()
    {
        Use(new() { DenyNetworks = ["192.0.2.0/24"] });
        Assert.Equal(ConnectionOutcome.Denied, Come("192.0.2.1").Outcome);

        Assert.Empty(_conditions.Read());
    }

    [Fact]
    public void Read_TableOfSourcesIsFull_DegradedUntilItHasRoomForAMinute()
    {
        Use(new() { MaxConnectionsPerSource = 1 });
        var open = Enumerable.Range(0, SourceTable.Most).Select(i => Come($"10.{i >> 16}.{(i >> 8) & 255}.{i & 255}")).ToList();
        Assert.Empty(_conditions.Read());
        Come("192.0.2.1");

        var sources = Condition;
        Assert.Equal(("r/Sources", ConditionLevel.Degraded, ConditionReason.SourcesFull), (sources.Id, sources.Level, sources.Reason));
        Assert.Equal("100000 sources are known, and 1 client of others shared the limits of one in the last minute", sources.LastError);
        Assert.Equal("MaxConnectionsPerSource", Come("192.0.2.2").Limit); // of the one that they share
        Assert.Equal(2, _conditions.Read().Count());

        open.ForEach(static one => one.GiveBack());
        _time.Advance(TimeSpan.FromSeconds(65));
        Assert.Null(Come("192.0.2.3").Limit);
        Assert.Empty(_conditions.Read());
    }

    [Fact]
    public async Task Read_EndpointIsFull_DegradedWithItsLimit()
    {
        var gate = _limiters.OfEndpoint("edge");
        var ending = new TaskCompletionSource();
        Task CameAsync()
        {
            var connection = new FakeConnection();
            new ConnectionRecord(connection, "edge", "", _time).Attach();
            return gate.OnConnectionAsync(connection, NetworkRules.None, 1, _ => ending.Task);
        }

        var served = CameAsync();
        Assert.Empty(_conditions.Read());
        await CameAsync();

        Assert.Equal((ConditionKind.Endpoint, "edge", ConditionReason.LimitReached), (Condition.Kind, Condition.Id, Condition.Reason));
        Assert.Equal("MaxConnections 1: 1 client refused in the last minute", Condition.LastError);
        ending.SetResult();
        await served;
    }

    private Condition Condition => Assert.Single(_conditions.Read());

    private void Use(RouteLimitsConfig values) =>
        _limiters.Apply(
            ["r"],
            new Dictionary<string, RouteLimits>
            {
                ["r"] = new(values, new NetworkRules(null, [.. values.DenyNetworks.Select(static text => IPNetwork.Parse(text))])),
            },
            []
        );

    private ConnectionRecord Come(string address = "198.51.100.1")
    {
        var connection = new FakeConnection { RemoteEndPoint = new IPEndPoint(IPAddress.Parse(address), 1) };
        var record = new ConnectionRecord(connection, "endpoint", "", _time);
        _limiters.OfRoute("r").Admits(record);
        return record;
    }
}

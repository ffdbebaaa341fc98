using System.Text;
using Microsoft.Extensions.Configuration;
using Proxy.Conditions;
using Proxy.Conditions.Rules;
using Proxy.Core.Tests.Multiplexing;
using Proxy.Diagnostics;
using Proxy.Revisions;

namespace Proxy.Core.Tests.Conditions.Rules;

public sealed class RouteConditionsTests : IAsyncLifetime
{
    private const string Json = """
        { "ReverseProxy": {
            "TcpRoutes": { "r": { "Listen": "127.0.0.1:0", "ClusterId": "c" } },
            "Routes": { "h": { "ClusterId": "w", "Match": { "Path": "/{**x}" } } },
            "Clusters": {
              "c": { "Destinations": { "d": { "Address": "tcp://127.0.0.1:1" } } },
              "w": { "Destinations": { "d": { "Address": "http://127.0.0.1:1" } } } } } }
        """;

    private readonly ManualTime _time = new();
    private readonly ProxyStatus _status = new();
    private readonly RecentOutcomes _recent;
    private readonly Multiplexer _none = new(Multiplexer.Portable); // without devices
    private readonly RouteConditions _conditions;

    public RouteConditionsTests()
    {
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(Json));
        var revision = TcpProxyExtensions.Check(new ConfigurationBuilder().AddJsonStream(stream).Build()).Revision!;
        _status.Update(state => state with { Running = revision });
        _recent = new(_time);
        _conditions = new(_status, _recent, _none.Service<DeviceConditions>());
    }

    [Fact]
    public void Read_NoClientYet_Ok() => Assert.All(_conditions.Read(), static one => Assert.Equal(ConditionLevel.Ok, one.Level));

    [Fact]
    public void Read_AllClientsFail_DownSinceTheFirst()
    {
        End(ConnectionOutcome.Completed);
        _time.Advance(TimeSpan.FromMinutes(3));
        var first = _time.GetUtcNow();
        for (var i = 0; i < 5; i++)
        {
            End(ConnectionOutcome.UpstreamReset);
            _time.Advance(TimeSpan.FromSeconds(20));
        }

        var route = Of("r");
        Assert.Equal((ConditionLevel.Down, ConditionReason.ClientsFail, first, 5), (route.Level, route.Reason, route.Since, route.Count));
        Assert.EndsWith("the last: UpstreamReset", route.LastError, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(19, ConditionLevel.Ok)]
    [InlineData(18, ConditionLevel.Degraded)]
    public void Read_OneFails_DegradedAboveOneInTwenty(int served, ConditionLevel expected)
    {
        End(ConnectionOutcome.QueueFull);
        for (var i = 0; i < served; i++)
        {
            End(ConnectionOutcome.Completed);
        }

        Assert.Equal(expected, Of("r").Level);
    }

    [Theory]
    [InlineData(ConnectionOutcome.ClientReset)]
    [InlineData(ConnectionOutcome.Denied)]
    [InlineData(ConnectionOutcome.LeftQueue)]
    [InlineData(ConnectionOutcome.LimitExceeded)]
    [InlineData(ConnectionOutcome.ProtocolError)]
    [InlineData(ConnectionOutcome.TlsFailed)]
    [InlineData(ConnectionOutcome.UpstreamTruncated)]
    public void Read_ClientsOwnDoing_Ok(ConnectionOutcome outcome)
    {
        End(outcome);

        Assert.Equal(ConditionLevel.Ok, Of("r").Level);
    }

    [Fact]
    public void Read_TlsOfDestinationsFails_Down()
    {
        for (var i = 0; i < 3; i++)
        {
            End(ConnectionOutcome.TlsFailed); // of scanners meanwhile
            End(ConnectionOutcome.UpstreamTlsFailed);
        }

        Assert.Equal((ConditionLevel.Down, 3), (Of("r").Level, Of("r").Count));
        Assert.EndsWith("the last: UpstreamTlsFailed", Of("r").LastError, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_AllFailButFewerThanThree_Degraded()
    {
        End(ConnectionOutcome.UpstreamReset);
        Assert.Equal((ConditionLevel.Degraded, 1), (Of("r").Level, Of("r").Count));
        End(ConnectionOutcome.UpstreamReset);
        Assert.Equal((ConditionLevel.Degraded, 2), (Of("r").Level, Of("r").Count));
        End(ConnectionOutcome.UpstreamReset);
        Assert.Equal((ConditionLevel.Down, 3), (Of("r").Level, Of("r").Count));
    }

    [Theory]
    [InlineData(ConnectionOutcome.ConnectFailed, 502, "refused", "ConnectFailed: refused")]
    [InlineData(ConnectionOutcome.Completed, 502, null, "status 502")]
    public void Read_HttpRouteAnswers502_Down(ConnectionOutcome outcome, int status, string? reason, string error)
    {
        for (var i = 0; i < 3; i++)
        {
            _recent.Ended(Request(outcome, status) with { Reason = reason });
        }

        Assert.Equal(ConditionLevel.Down, Of("h").Level);
        Assert.EndsWith(error, Of("h").LastError, StringComparison.Ordinal);
        _recent.Ended(Request(ConnectionOutcome.Completed, 404));
        Assert.Equal(ConditionLevel.Degraded, Of("h").Level);
    }

    [Theory]
    [InlineData(ConnectionOutcome.Completed, true, 2, 0)]
    [InlineData(ConnectionOutcome.ResponseTimeout, false, 1, 1)]
    [InlineData(ConnectionOutcome.ConnectFailed, false, 2, 2)]
    public void Ended_RequestAfterAFailedDial_ReachedOnlyIfItIsAnswered(ConnectionOutcome outcome, bool isAnswered, int dials, int failed)
    {
        _recent.Ended(Request(ConnectionOutcome.ConnectFailed, 502));

        _recent.Ended(Request(outcome, 200) with { IsAnswered = isAnswered });

        var destination = _recent.Of("w", "d");
        Assert.Equal((dials, failed == 0 ? 1 : failed), (destination.Traffic.Dials, destination.Traffic.FailedDials));
        Assert.Equal(failed == 0 ? null : failed, destination.Dials.Current?.Count);
    }

    [Fact]
    public void Read_NothingFailsForAMinute_Ok()
    {
        End(ConnectionOutcome.ConnectFailed);
        _time.Advance(TimeSpan.FromSeconds(65));

        Assert.Equal(ConditionLevel.Ok, Of("r").Level);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _none.DisposeAsync().AsTask();

    private static RequestRecord Request(ConnectionOutcome outcome, int status) =>
        new()
        {
            Id = "1",
            RouteId = "h",
            ClusterId = "w",
            DestinationId = "d",
            Method = "GET",
            Path = "/",
            Status = status,
            Outcome = outcome,
            Duration = TimeSpan.Zero,
        };

    private Condition Of(string id) => Assert.Single(_conditions.Read(), one => one.Id == id);

    private void End(ConnectionOutcome outcome)
    {
        var record = new ConnectionRecord(new FakeConnection(), "e", "", _time) { RouteId = "r" };
        record.TryEnd(outcome);
        _recent.Ended(record);
    }
}

using System.Net;
using Proxy.Admission;
using Proxy.Configuration.Networks;
using Proxy.Configuration.Routes;
using Proxy.Diagnostics;

namespace Proxy.Core.Tests.Admission;

public sealed class RouteLimiterTests
{
    private readonly ManualTime _time = new();
    private readonly LogLines _log = new();
    private readonly RouteLimiter _limiter;

    public RouteLimiterTests() => _limiter = new("r", _time, _log, mostSources: 3);

    [Fact]
    public void Admits_MaxConnections_RefusedUntilOneEnds()
    {
        Use(new() { MaxConnections = 2 });
        var (first, second, third) = (Come(), Come(), Come());

        Assert.Null(first.Outcome);
        Assert.Null(second.Outcome);
        Assert.Equal((ConnectionOutcome.LimitExceeded, "MaxConnections"), (third.Outcome, third.Limit));
        first.GiveBack();
        third.GiveBack();
        Assert.Null(Come().Outcome);
        Assert.Equal("MaxConnections", Come().Limit);
    }

    [Fact]
    public void Admits_MaxConnectionsPerSource_OthersAreServed()
    {
        Use(new() { MaxConnectionsPerSource = 1 });

        Assert.Null(Come("192.0.2.1").Limit);
        Assert.Equal("MaxConnectionsPerSource", Come("192.0.2.1").Limit);
        Assert.Null(Come("192.0.2.2").Limit);
        Assert.Null(Come("2001:db8::1").Limit);
        Assert.Equal("MaxConnectionsPerSource", Come("2001:db8::2").Limit);
    }

    [Fact]
    public void Admits_ClientsWithoutAddress_AreOneSource()
    {
        Use(new() { MaxConnectionsPerSource = 1 });

        Assert.Null(Come(address: null).Limit);
        Assert.Equal("MaxConnectionsPerSource", Come(address: null).Limit);
    }

    [Fact]
    public void Admits_Rates_OneSecondsBurstAndThenByTheClock()
    {
        Use(new() { ConnectionsPerSecond = 3, ConnectionsPerSecondPerSource = 2 });

        Assert.Equal([null, null, "ConnectionsPerSecondPerSource"], Enumerable.Range(0, 3).Select(_ => Come("192.0.2.1").Limit));
        Assert.Equal([null, "ConnectionsPerSecond"], Enumerable.Range(0, 2).Select(_ => Come("192.0.2.2").Limit));
        _time.Advance(TimeSpan.FromMilliseconds(499));
        Assert.Equal("ConnectionsPerSecondPerSource", Come("192.0.2.1").Limit);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Null(Come("192.0.2.1").Limit);
        Assert.Equal("ConnectionsPerSecond", Come("192.0.2.2").Limit);
    }

    [Fact]
    public void Admits_RefusedByOneLimit_TakesNoTokenOfAnother()
    {
        Use(new() { MaxConnections = 1, ConnectionsPerSecond = 2 });
        var first = Come();
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal("MaxConnections", Come().Limit);
        }

        first.GiveBack();

        Assert.Null(Come().Limit);
    }

    [Theory]
    [InlineData("10.1.2.3", null)]
    [InlineData("10.6.6.1", "DenyNetworks")]
    [InlineData("192.0.2.1", "AllowNetworks")]
    [InlineData(null, "AllowNetworks")]
    public void Admits_Networks_DenyWins(string? address, string? refused)
    {
        Use(new() { AllowNetworks = ["10.0.0.0/8"], DenyNetworks = ["10.6.6.0/24"] });

        var client = Come(address);

        Assert.Equal((refused, refused is null ? null : ConnectionOutcome.Denied), (client.Limit, client.Outcome));
    }

    [Fact]
    public void Admits_MoreSourcesThanTheTableHolds_FurtherOnesShareOneBucket()
    {
        Use(new() { MaxConnectionsPerSource = 2 });
        for (var i = 1; i <= 3; i++)
        {
            Assert.Null(Come($"192.0.2.{i}").Limit);
        }

        Assert.Equal([null, null, "MaxConnectionsPerSource"], Enumerable.Range(10, 3).Select(i => Come($"192.0.2.{i}").Limit));
        Assert.Null(Come("192.0.2.1").Limit);
        Assert.Equal(3, _limiter.Sources);
    }

    [Fact]
    public void Admits_DryRun_NothingIsRefusedAndOnlyAdmittedOnesCount()
    {
        Use(new() { MaxConnections = 1, DryRun = true });
        var first = Come();

        var (second, third) = (Come(), Come());

        Assert.Equal((null, null, "MaxConnections"), (second.Outcome, second.Limit, second.DryRunLimit));
        Assert.Equal("MaxConnections", third.DryRunLimit);
        second.GiveBack();
        Assert.Equal("MaxConnections", Come().DryRunLimit);
        first.GiveBack();
        Assert.Null(Come().DryRunLimit);
        Assert.Contains(new LimitCount("MaxConnections", true, 3), _limiter.Reached);
    }

    [Fact]
    public void Use_LowerMaximum_OpenConnectionsStayAndCount()
    {
        Use(new() { MaxConnections = 3 });
        ConnectionRecord[] open = [Come(), Come(), Come()];

        Use(new() { MaxConnections = 2 });

        Assert.Equal("MaxConnections", Come().Limit);
        open[0].GiveBack();
        Assert.Equal("MaxConnections", Come().Limit);
        open[1].GiveBack();
        Assert.Null(Come().Limit);
        Assert.All(open, static record => Assert.Null(record.Outcome));
    }

    [Fact]
    public void Use_FirstLimits_ConnectionsThatAreOpenCount()
    {
        ConnectionRecord[] open = [Record("192.0.2.1"), Record("192.0.2.2")];

        Use(new() { MaxConnections = 3, MaxConnectionsPerSource = 1 }, open);

        Assert.Equal("MaxConnectionsPerSource", Come("192.0.2.1").Limit);
        open[0].GiveBack();
        Assert.Null(Come("192.0.2.1").Limit);
        Assert.Null(Come("192.0.2.3").Limit);
        Assert.Equal("MaxConnections", Come("192.0.2.4").Limit);
    }

    [Fact]
    public void Use_OtherPrefix_OpenConnectionsCountByIt()
    {
        Use(new() { MaxConnectionsPerSource = 1 });
        var open = Come("2001:db8:0:1::1");

        Use(new() { MaxConnectionsPerSource = 1, SourcePrefixV6 = 48 }, [open]);

        Assert.Equal("MaxConnectionsPerSource", Come("2001:db8:0:2::1").Limit);
        open.GiveBack();
        Assert.Null(Come("2001:db8:0:2::1").Limit);
    }

    [Fact]
    public void Use_LimitsGoneAndBack_PlacesOfEarlierTimesAreNotGivenBackTwice()
    {
        Use(new() { MaxConnections = 1 });
        var first = Come();
        _limiter.Use(null);
        Assert.Null(Come().Limit);

        Use(new() { MaxConnections = 1 }, []);
        Assert.Null(Come().Limit);
        first.GiveBack();

        Assert.Equal("MaxConnections", Come().Limit);
    }

    [Fact]
    public void Use_ConnectionEndsMeanwhile_DoesNotCountForEver()
    {
        var ended = Record("192.0.2.1");
        ended.GiveBack();

        Use(new() { MaxConnections = 1 }, [ended]);

        Assert.Null(Come().Limit);
    }

    [Fact]
    public void CountAgain_ClientCameAfterTheConnectionsWereRead_CountsOnce()
    {
        ConnectionRecord? seen = null;
        ConnectionRecord? unseen = null;
        var early = Record("192.0.2.1");

        Use(new() { MaxConnections = 3 }, () => (seen, unseen) = (Come(), Come()), early);
        Assert.Equal("MaxConnections", Come().Limit);
        unseen!.GiveBack();
        Assert.Null(Come().Limit);
        Use(new() { MaxConnections = 3, SourcePrefixV6 = 48 }, () => seen = Come(), early);

        Assert.Equal("MaxConnections", seen!.Limit); // by the counts of before
    }

    [Fact]
    public void CountAgain_ClientIsBothReadAndCame_CountsOnce()
    {
        ConnectionRecord[] open = [Record("192.0.2.1")];

        Use(new() { MaxConnections = 2 }, () => Assert.True(_limiter.Admits(open[0])), open);

        Assert.Null(Come().Limit);
        Assert.Equal("MaxConnections", Come().Limit);
    }

    [Fact]
    public void CountAgain_RouteIsChosenAndClientNotJudgedYet_IsNotRefusedBecauseOfItself()
    {
        var judgedLater = Record("192.0.2.1");
        Use(new() { MaxConnections = 1, MaxConnectionsPerSource = 1 }, judgedLater);

        Assert.True(_limiter.Admits(judgedLater));
        Assert.Equal("MaxConnections", Come().Limit);
        judgedLater.GiveBack();
        Assert.Null(Come().Limit);
    }

    [Fact]
    public void CountAgain_ClientIsBeingRefused_DoesNotCount()
    {
        var refused = Record("192.0.2.1");
        refused.Refuse("DenyNetworks", ConnectionOutcome.Denied);

        Use(new() { MaxConnections = 1 }, refused);

        Assert.Null(Come().Limit);
    }

    [Fact]
    public void Use_DryRunEnds_ThoseBeyondTheLimitCount()
    {
        Use(new() { MaxConnections = 2, DryRun = true });
        ConnectionRecord[] open = [Come(), Come(), Come()];
        Assert.Equal("MaxConnections", open[2].DryRunLimit);

        Use(new() { MaxConnections = 2 }, open);
        open[0].GiveBack();

        Assert.Equal("MaxConnections", Come().Limit);
        open[1].GiveBack();
        Assert.Null(Come().Limit);
    }

    [Fact]
    public void Admits_ReachedOften_OneLineAMinuteWithTheCount()
    {
        Use(new() { MaxConnections = 1 });
        Come();
        Come("192.0.2.1");
        Come("192.0.2.2");
        Come("192.0.2.3");
        var line = Assert.Single(_log.All);
        Assert.StartsWith(
            "Warning: Route r: MaxConnections is reached, so client 192.0.2.1:1 was refused; 1 since",
            line,
            StringComparison.Ordinal
        );

        _time.Advance(TimeSpan.FromMinutes(1));
        Come("192.0.2.4");

        Assert.StartsWith(
            "Warning: Route r: MaxConnections is reached, so client 192.0.2.4:1 was refused; 3 since",
            _log.All[1],
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Reached_NothingYet_ZeroForEachLimitThatIsSet()
    {
        Use(
            new()
            {
                MaxConnections = 1,
                DenyNetworks = ["192.0.2.0/24"],
                BytesPerSecondPerConnection = 5,
            }
        );

        Assert.Equal(
            ["BytesPerSecondPerConnection", "DenyNetworks", "MaxConnections"],
            _limiter.Reached.Select(static count => count.Limit).Order()
        );
        Assert.All(_limiter.Reached, static count => Assert.Equal((0, false), (count.Count, count.IsDryRun)));
        Come("192.0.2.1");
        Assert.Contains(new LimitCount("DenyNetworks", false, 1), _limiter.Reached);
    }

    private void Use(RouteLimitsConfig values, params ConnectionRecord[] open) => Use(values, meanwhile: null, open);

    private void Use(RouteLimitsConfig values, Action? meanwhile, params ConnectionRecord[] open)
    {
        static IReadOnlyList<IPNetwork>? Parse(IReadOnlyList<string>? texts) =>
            texts?.Select(static text => IPNetwork.Parse(text)).ToList();
        var networks = new NetworkRules(Parse(values.AllowNetworks), Parse(values.DenyNetworks)!);
        if (_limiter.Use(new(values, networks)))
        {
            meanwhile?.Invoke();
            _limiter.CountAgain(open);
        }
    }

    private ConnectionRecord Come(string? address = "198.51.100.1")
    {
        var record = Record(address);
        Assert.Equal(_limiter.Admits(record), record.Outcome is null);
        return record;
    }

    private ConnectionRecord Record(string? address) =>
        new(
            new FakeConnection { RemoteEndPoint = address is null ? null : new IPEndPoint(IPAddress.Parse(address), 1) },
            "endpoint",
            "",
            _time
        );
}

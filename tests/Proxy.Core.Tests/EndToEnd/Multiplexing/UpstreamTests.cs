using System.Diagnostics.Metrics;
using Proxy.Core.Tests.Multiplexing;

namespace Proxy.Core.Tests.EndToEnd.Multiplexing;

/// <summary>The life of upstream connections: when they are made, how they fail, and what clients notice of it.</summary>
public sealed class UpstreamTests : SessionTestBase
{
    private const string Line = "\"Protocol\": \"line\"";
    private const string Keep = Line + ", \"KeepUnused\": \"None\"";

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Connect_OnRequest_NotBeforeOne(string transport)
    {
        await StartAsync(transport, Line);
        using var client = await Multiplexer.ConnectAsync();
        await Eventually.TrueAsync(() => Multiplexer.Status.Clients.Count == 1);

        Assert.Empty(Multiplexer.Status.Upstreams);
        Assert.Equal("=1", await client.AskAsync("1"));
        Assert.Equal(1, Device.Connections.All);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Connect_OnClient_WithTheFirstClient(string transport)
    {
        await StartAsync(transport, Line + """, "Connect": "OnClient" """);
        Assert.Empty(Multiplexer.Status.Upstreams);

        using var client = await Multiplexer.ConnectAsync();

        await OpenAsync(1);
        Assert.Equal("=1", await client.AskAsync("1"));
        client.Dispose();
        await OpenAsync(0);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Connect_Always_AtOnceAndAgainAfterALoss(string transport)
    {
        await StartAsync(transport, Line + """, "Connect": "Always" """);
        await OpenAsync(1);
        using (var client = await Multiplexer.ConnectAsync())
        {
            Assert.Equal("=1", await client.AskAsync("1"));
        }

        await Eventually.TrueAsync(() => Multiplexer.Status.Clients.Count == 0);
        Assert.Equal(1, Device.Connections.Open);
        Device.Open.Single().Dispose();

        await Eventually.TrueAsync(() => Device.Connections is { All: 2, Open: 1 });
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task KeepUnused_Zero_ClosesWithTheLastClient(string transport)
    {
        await StartAsync(transport, Line);
        using var one = await Multiplexer.ConnectAsync();
        using var two = await Multiplexer.ConnectAsync();
        await one.AskAsync("1");
        await two.AskAsync("2");
        one.Dispose();
        await Eventually.TrueAsync(() => Multiplexer.Status.Clients.Count == 1);
        Assert.Equal((1, 1, 1), Device.Connections);

        two.Dispose();

        await OpenAsync(0);
        await Eventually.TrueAsync(() => Multiplexer.Status.Upstreams.Count == 0);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task KeepUnused_SomeTime_ServesTheNextClientAndEndsAfterIt(string transport)
    {
        await StartAsync(transport, Line + """, "KeepUnused": "00:00:10" """);
        using (var client = await Multiplexer.ConnectAsync())
        {
            await client.AskAsync("1");
        }

        await Eventually.TrueAsync(() => Multiplexer.Status.Clients.Count == 0);
        Time.Advance(TimeSpan.FromSeconds(9));
        using (var client = await Multiplexer.ConnectAsync())
        {
            await client.AskAsync("2");
        }

        Assert.Equal((1, 1, 1), Device.Connections);
        await Eventually.TrueAsync(() => Multiplexer.Status.Clients.Count == 0);
        Time.Advance(TimeSpan.FromSeconds(10) + Tick);

        await OpenAsync(0);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task MaxAge_Reached_IsRenewedAndNeverTwoAtOnce(string transport)
    {
        await StartAsync(transport, Line + """, "MaxAge": "00:01:00" """);
        using var client = await Multiplexer.ConnectAsync();
        await client.AskAsync("1");

        Time.Advance(TimeSpan.FromMinutes(1) + Tick);
        await OpenAsync(0);

        Assert.Equal("=2", await client.AskAsync("2"));
        Assert.Equal((2, 1, 1), Device.Connections);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task ConnectDelay_Configured_NothingIsSentBeforeItIsOver(string transport)
    {
        await StartAsync(transport, Line + """, "ConnectDelay": "00:00:02" """);
        using var client = await Multiplexer.ConnectAsync();
        await client.SendAsync("1\n");
        await OpenAsync(1);
        await Time.WaitForTimerAsync(TimeSpan.FromSeconds(2));

        Time.Advance(TimeSpan.FromSeconds(1.9));
        Assert.Equal(1, Multiplexer.Status.Queued);
        Time.Advance(TimeSpan.FromSeconds(0.1));

        Assert.Equal("=1", await client.ReadLineAsync());
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task RequestDelay_Configured_TheDestinationRestsAfterEachExchange(string transport)
    {
        await StartAsync(transport, Line + """, "RequestDelay": "00:00:00.300" """);
        using var client = await Multiplexer.ConnectAsync();
        await client.SendAsync("1\n2\n");
        Assert.Equal("=1", await client.ReadLineAsync());
        await Time.WaitForTimerAsync(TimeSpan.FromSeconds(0.3));
        await QueuedAsync(1);

        Time.Advance(TimeSpan.FromSeconds(0.29));
        Assert.Equal(1, Multiplexer.Status.Queued);
        Time.Advance(TimeSpan.FromSeconds(0.01));

        Assert.Equal("=2", await client.ReadLineAsync());
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task ResponseTimeout_Silent_ThatClientFailsTheOthersCarryOn(string transport)
    {
        await StartAsync(transport, Line);
        Device.On('x', static _ => Task.CompletedTask);
        using var good = await Multiplexer.ConnectAsync();
        using var bad = await Multiplexer.ConnectAsync();
        Assert.Equal("=1", await good.AskAsync("1"));
        await bad.SendAsync("x\n");
        await SentAsync(2);
        await good.SendAsync("2\n");
        await QueuedAsync(1);

        Time.Advance(TimeSpan.FromSeconds(30) - Tick); // its own QueueTimeout is 30 s
        Assert.Equal(1, Multiplexer.Status.Queued);
        await EditAsync(Line + """, "ResponseTimeout": "00:00:01" """); // the exchange in flight ends by what it began with
        Assert.Equal(1, Multiplexer.Status.Queued);
        Time.Advance(Tick * 2);
        Assert.Equal("reset", await good.ReadLineAsync());
        Time.Advance(TimeSpan.FromSeconds(30));

        Assert.Equal("reset", await bad.ReadLineAsync());
        await OpenAsync(0);
        using var next = await Multiplexer.ConnectAsync();
        Assert.Equal("=3", await next.AskAsync("3"));
        Assert.Equal(1, Device.Connections.Most);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task ResponseTimeout_LateReply_ConnectionIsRenewedAndItReachesNobody(string transport)
    {
        await StartAsync(transport, Line + """, "ResponseTimeout": "00:00:05" """);
        using var gate = Gate();
        var (late, next) = await AskBothAsync("late", "next");

        Time.Advance(TimeSpan.FromSeconds(5) + Tick);
        Assert.Equal("reset", await late.ReadLineAsync());
        gate.Release(10);
        await OpenAsync(0);
        Time.Advance(TimeSpan.FromSeconds(1) + Tick); // it never answered, so that it is given a rest

        Assert.Equal("=next", await next.ReadLineAsync());
        Assert.False(next.HasMore);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task QueueTimeout_Passed_StaleRequestNeverRuns(string transport)
    {
        await StartAsync(transport, Line, """ "QueueTimeout": "00:00:05" """);
        using var gate = Gate();
        var (first, second) = await AskBothAsync("first", "stale");

        Time.Advance(TimeSpan.FromSeconds(5) + Tick);
        Assert.Equal("reset", await second.ReadLineAsync());
        gate.Release(2);

        Assert.Equal("=first", await first.ReadLineAsync());
        Assert.Equal("=next", await first.AskAsync("next"));
        Assert.Equal(["first", "next"], Device.Lines);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Destination_Down_RequestsFailAtOnceUntilTheDelayIsOver(string transport)
    {
        await StartAsync(transport, Line);
        var port = Device.Port;
        await Device.DisposeAsync();
        using (var client = await Multiplexer.ConnectAsync())
        {
            Assert.Equal("reset", await client.AskAsync("1"));
        }

        Assert.InRange(Multiplexer.Status.RetryIn, TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(1));
        Device = Add(new Device(port: port));
        using (var client = await Multiplexer.ConnectAsync())
        {
            Assert.Equal("reset", await client.AskAsync("2")); // not even tried
        }

        Assert.Equal(0, Device.Connections.All);
        Time.Advance(TimeSpan.FromSeconds(1) + Tick);
        using var after = await Multiplexer.ConnectAsync();

        Assert.Equal("=3", await after.AskAsync("3"));
        Assert.Equal(["3"], Device.Lines);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Destination_DownAllNight_DelayDoublesToItsMaximum(string transport)
    {
        await StartAsync(transport, Line + """, "RetryDelay": "00:00:01", "MaxRetryDelay": "00:00:05" """);
        await Device.DisposeAsync();

        foreach (var seconds in (int[])[1, 2, 4, 5, 5])
        {
            using var client = await Multiplexer.ConnectAsync();
            Assert.Equal("reset", await client.AskAsync("x"));
            Assert.Equal(TimeSpan.FromSeconds(seconds), Multiplexer.Status.RetryIn);
            Time.Advance(TimeSpan.FromSeconds(seconds));
        }
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Upstream_LostWhileIdle_NextRequestConnectsAnew(string transport)
    {
        await StartAsync(transport, Line);
        using var client = await Multiplexer.ConnectAsync();
        for (var round = 1; round <= 5; round++)
        {
            Assert.Equal("=x", await client.AskAsync("x"));
            Assert.Equal("=x", await client.AskAsync("x")); // one that ends after each answer is another case
            Assert.Equal(round, Device.Connections.All);
            Device.Open.Single().Dispose();
            await OpenAsync(0);
            await Eventually.TrueAsync(() => Multiplexer.Status.Upstreams.Count == 0);
        }
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Upstream_ClosesMidReply_ThatClientFailsTheOthersCarryOn(string transport)
    {
        await StartAsync(transport, Line);
        Device.On(
            'x',
            static async peer =>
            {
                await peer.SendAsync("=hal");
                peer.Dispose();
            }
        );
        using var good = await Multiplexer.ConnectAsync();
        using var bad = await Multiplexer.ConnectAsync();
        Assert.Equal("=1", await good.AskAsync("1"));

        await bad.SendAsync("x\n");
        await good.SendAsync("2\n");

        Assert.Equal("reset", await bad.ReadLineAsync());
        Assert.Equal("=2", await good.ReadLineAsync());
    }

    [Theory]
    [InlineData(Multiplexer.Portable, "surprise\n")]
    [InlineData(Multiplexer.Loops, "surprise\n")]
    [InlineData(Multiplexer.Portable, "s")]
    [InlineData(Multiplexer.Loops, "s")]
    public async Task Upstream_SaysWhatNobodyAskedFor_IsRenewedAndItReachesNobody(string transport, string bytes)
    {
        await StartAsync(transport, Line);
        using var client = await Multiplexer.ConnectAsync();
        Assert.Equal("=1", await client.AskAsync("1"));

        await Device.Open.Single().SendAsync(bytes);
        await OpenAsync(0);
        Time.Advance(TimeSpan.FromSeconds(1) + Tick);

        Assert.Equal("=2", await client.AskAsync("2"));
        Assert.Equal(2, Device.Connections.All);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Upstream_AnswersTwiceWhileOthersWait_TheyWaitForTheirOwn(string transport)
    {
        await StartAsync(transport, Line);
        Device.On('t', static peer => peer.SendAsync("=twice\n=twice\n"));
        using var gate = Gate();
        var (client, second) = await AskBothAsync("twice", "second");
        using var third = await Multiplexer.ConnectAsync();
        await third.SendAsync("last\n");
        await QueuedAsync(2);

        gate.Release(3);
        Assert.Equal("=twice", await client.ReadLineAsync());
        await OpenAsync(0);
        Assert.Equal(["twice"], Device.Lines); // nobody was asked on what is to be closed
        Time.Advance(TimeSpan.FromSeconds(1) + Tick);

        Assert.Equal("=second", await second.ReadLineAsync());
        Assert.Equal("=last", await third.ReadLineAsync());
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Upstream_AnswersTwice_TheSecondReachesNobody(string transport)
    {
        await StartAsync(transport, Line);
        Device.On('t', static peer => peer.SendAsync("=twice\n=twice\n"));
        using var client = await Multiplexer.ConnectAsync();

        Assert.Equal("=twice", await client.AskAsync("twice"));
        await OpenAsync(0);
        Time.Advance(TimeSpan.FromSeconds(1) + Tick);

        Assert.Equal("=once", await client.AskAsync("once"));
        Assert.False(client.HasMore);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task LateReply_Drain_WaitsForSilenceAndDropsWhatComes(string transport)
    {
        await StartAsync(transport, Keep + """, "LateReply": "Drain", "ResponseTimeout": "00:00:05" """);
        using var dropped = new Measured(Multiplexer.Service<IMeterFactory>(), "proxy.multiplex.late_replies");
        MultiplexPeer? device = null;
        Device.On(
            'l',
            peer =>
            {
                device = peer;
                return peer.SendAsync("=la"); // and the rest too late
            }
        );
        var (late, next) = await AskBothAsync("late", "next");
        await Eventually.TrueAsync(() => Multiplexer.Status.Upstreams is [{ HasReceived: true }]);
        Time.Advance(TimeSpan.FromSeconds(5) + Tick);
        Assert.Equal("reset", await late.ReadLineAsync());

        await device!.SendAsync("te\n");
        await Eventually.TrueAsync(() => dropped.Count == 1);
        Assert.Equal(1, Multiplexer.Status.Queued);
        await Eventually.TrueAsync(() =>
        {
            var isSent = Multiplexer.Status.Upstreams.Any(static connection => connection.InFlight > 0); // time would end it
            Time.Advance(isSent ? TimeSpan.Zero : TimeSpan.FromSeconds(0.5));
            return Device.Messages.Count == 2;
        });

        Assert.Equal("=next", await next.ReadLineAsync());
        Assert.Equal((1, 1, 1), Device.Connections);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Device_AllowsOneConnection_NeverSeesTwo(string transport)
    {
        Device.OnConnect = async peer =>
        {
            var isOnly = Device.Connections.Open == 1;
            if (!isOnly)
            {
                peer.Reset();
            }

            return await Task.FromResult(isOnly);
        };
        await StartAsync(transport, Line);
        for (var round = 0; round < 20; round++)
        {
            using var client = await Multiplexer.ConnectAsync();
            Assert.Equal("=x", await client.AskAsync("x"));
            if (round % 3 == 0)
            {
                Multiplexer.Registry.Renew("c", "d");
            }
        }

        Assert.Equal(1, Device.Connections.Most);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Renew_ExchangeInFlight_EndsProperly(string transport)
    {
        await StartAsync(transport, Line);
        using var gate = Gate();
        using var client = await Multiplexer.ConnectAsync();
        await client.SendAsync("1\n2\n");
        await Device.SeenAsync(1);

        Assert.True(Multiplexer.Registry.Renew("C", "D"));
        Assert.False(Multiplexer.Registry.Renew("c", "other"));
        gate.Release(2);

        Assert.Equal(("=1", "=2"), (await client.ReadLineAsync(), await client.ReadLineAsync()));
        Assert.Equal((2, 1, 1), Device.Connections);
    }
}

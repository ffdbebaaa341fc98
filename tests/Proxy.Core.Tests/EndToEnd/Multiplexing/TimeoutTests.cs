using Proxy.Core.Tests.Multiplexing;
using Proxy.Multiplexing;

namespace Proxy.Core.Tests.EndToEnd.Multiplexing;

/// <summary>Every wait ends: those for a client, and those for a destination that does not do its part.</summary>
public sealed class TimeoutTests : SessionTestBase
{
    private const string Line = "\"Protocol\": \"line\"";

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task IdleTimeout_Passed_ClosesWhoAsksNothingAndNobodyElse(string transport)
    {
        await StartAsync(transport, Line, more: """, "IdleTimeout": "00:00:10" """);
        using var gate = Gate();
        using var waits = await Multiplexer.ConnectAsync();
        using var idle = await Multiplexer.ConnectAsync();
        await waits.SendAsync("1\n");
        await SentAsync(1);
        await Eventually.TrueAsync(() => Multiplexer.Status.Clients.Count == 2);

        Time.Advance(TimeSpan.FromSeconds(20));
        Assert.Equal("reset", await idle.ReadEndAsync());
        gate.Release();
        Assert.Equal("=1", await waits.ReadLineAsync());
        await DeliveredAsync("=1\n".Length);
        Time.Advance(TimeSpan.FromSeconds(10) + Tick);

        Assert.Equal("reset", await waits.ReadEndAsync());
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task HalfCloseTimeout_Passed_ClosesWhoWaitsForItsLastReply(string transport)
    {
        await StartAsync(
            transport,
            Line + """, "ResponseTimeout": "10:00:00" """,
            """ "QueueTimeout": "None" """,
            """, "HalfCloseTimeout": "00:00:10" """
        );
        using var gate = Gate();
        var (ends, other) = await AskBothAsync("1", "2");
        ends.End();

        // From the moment at which its end is read.
        await Eventually.TrueAsync(() =>
        {
            Time.Advance(TimeSpan.FromSeconds(1));
            return Multiplexer.Status.Clients.Count == 1;
        });
        Assert.Equal("reset", await ends.ReadEndAsync());
        gate.Release(2);

        Assert.Equal("=2", await other.ReadLineAsync());
        Assert.Equal((1, 1, 1), Device.Connections);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task MaxDuration_Passed_ClosesAlsoWhoWaits(string transport)
    {
        await StartAsync(transport, Line, more: """, "MaxDuration": "00:00:20" """);
        using var gate = Gate();
        using var old = await Multiplexer.ConnectAsync();
        await old.SendAsync("old\n");
        await SentAsync(1);
        Time.Advance(TimeSpan.FromSeconds(15));
        using var young = await Multiplexer.ConnectAsync();
        await young.SendAsync("young\n");
        await QueuedAsync(1);

        Time.Advance(TimeSpan.FromSeconds(5) + Tick);
        Assert.Equal("reset", await old.ReadEndAsync());
        gate.Release(2);

        Assert.Equal("=young", await young.ReadLineAsync());
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task ConnectTimeout_Passed_WhoWaitsIsToldAndTheNextDialIsAnother(string transport)
    {
        await Device.DisposeAsync();
        using var hole = new BlackHole(Device.Port);
        await StartAsync(transport, Line);
        using var client = await Multiplexer.ConnectAsync();
        using var other = await Multiplexer.ConnectAsync();
        await client.SendAsync("1\n");
        await QueuedAsync(1);
        await Time.WaitForTimerAsync(TimeSpan.FromSeconds(5));
        await other.SendAsync("2\n");
        await QueuedAsync(2);

        Time.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal(("reset", "reset"), (await client.ReadEndAsync(), await other.ReadEndAsync()));
        await Eventually.TrueAsync(() => Multiplexer.Status is { RetryIn.Ticks: > 0, Upstreams.Count: 0 });
        hole.Dispose();
        Device = Add(new Device(port: Device.Port));
        Time.Advance(TimeSpan.FromSeconds(1) + Tick);
        using var next = await Multiplexer.ConnectAsync();
        Assert.Equal("=3", await next.AskAsync("3"));
        Assert.Equal(["3"], Device.Lines);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Upstream_DoesNotAnswerOurFin_IsClosedAfterASecondAndNotBefore(string transport)
    {
        using var gate = new SemaphoreSlim(0);
        Device.OnConnect = async peer =>
        {
            Assert.Equal("1", await peer.ReadLineAsync());
            await peer.SendAsync("=1\n");
            await gate.WaitAsync(Eventually.Limit);
            return false;
        };
        await StartAsync(transport, Line);
        using var client = await Multiplexer.ConnectAsync();
        Assert.Equal("=1", await client.AskAsync("1"));
        Device.OnConnect = static _ => Task.FromResult(true);
        Multiplexer.Registry.Renew("c", "d");
        await client.SendAsync("2\n");
        await QueuedAsync(1);
        await Eventually.TrueAsync(() => Multiplexer.Status.Upstreams is [{ State: UpstreamState.Closing }]); // from here the second counts

        Time.Advance(TimeSpan.FromSeconds(1) - Tick);
        Assert.Equal((1, 1), (Multiplexer.Status.Queued, Device.Connections.All));
        Time.Advance(Tick * 2);

        Assert.Equal("=2", await client.ReadLineAsync());
        gate.Release();
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Upstream_DoesNotTakeTheRequest_ThatClientFailsAndTheNextIsServed(string transport)
    {
        const string Large = """ "Framing": { "Delimiter": { "Bytes": "\n", "MaxBytes": 67108864 } } """;
        using var gate = new SemaphoreSlim(0);
        Device.OnConnect = async _ =>
        {
            if (Device.Connections.All == 1)
            {
                await gate.WaitAsync(Eventually.Limit); // reads nothing
                return false;
            }

            return true;
        };
        await StartAsync(transport, Large + """, "ResponseTimeout": "00:00:05" """);
        using var client = await Multiplexer.ConnectAsync();
        await client.SendAsync(new string('x', 32 * 1024 * 1024) + "\n");
        await Eventually.TrueAsync(() => Multiplexer.Status.Upstreams is [{ InFlight: 1 }]);

        Time.Advance(TimeSpan.FromSeconds(5) + Tick);
        Assert.Equal("reset", await client.ReadEndAsync());
        await Eventually.TrueAsync(() => Multiplexer.Status.Upstreams.Count == 0);
        gate.Release();
        Time.Advance(TimeSpan.FromSeconds(1) + Tick);
        using var next = await Multiplexer.ConnectAsync();

        Assert.Equal("=1", await next.AskAsync("1"));
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Drain_DestinationIsNeverSilent_ItsConnectionIsRenewed(string transport)
    {
        await StartAsync(transport, Line + """, "LateReply": "Drain", "ResponseTimeout": "00:00:05" """);
        Device.On('x', static _ => Task.CompletedTask);
        using var good = await Multiplexer.ConnectAsync();
        using var bad = await Multiplexer.ConnectAsync();
        Assert.Equal("=1", await good.AskAsync("1"));
        await bad.SendAsync("x\n");
        await SentAsync(2);
        Time.Advance(TimeSpan.FromSeconds(5) + Tick);
        Assert.Equal("reset", await bad.ReadEndAsync());

        var device = Device.Open.Single();
        for (var half = 0; half < 10 && Multiplexer.Status.Upstreams.Count > 0; half++)
        {
            await device.SendAsync("!");
            await Time.WaitForTimerAsync(TimeSpan.FromSeconds(1)); // the wait for silence begins anew
            Time.Advance(TimeSpan.FromSeconds(0.5));
        }

        Assert.Equal("=2", await good.AskAsync("2"));
        Assert.Equal(2, Device.Connections.All);
    }
}

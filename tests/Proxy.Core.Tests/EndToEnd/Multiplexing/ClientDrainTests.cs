using Proxy.Core.Tests.Multiplexing;
using Proxy.Diagnostics;

namespace Proxy.Core.Tests.EndToEnd.Multiplexing;

/// <summary>Clients of a route that is removed, or of a host that stops, end as soon as they have nothing under way.</summary>
public sealed class ClientDrainTests : SessionTestBase
{
    private const string Line = "\"Protocol\": \"line\"";
    private static readonly TimeSpan _long = TimeSpan.FromHours(1);

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Drain_NothingUnderWay_FinAtOnceAndCompleted(string transport)
    {
        await StartAsync(transport, Line);
        using var client = await Multiplexer.ConnectAsync();
        Assert.Equal("=1", await client.AskAsync("1"));
        await DeliveredAsync(3);
        var record = Assert.Single(Multiplexer.Tracker.Open);

        record.BeginDrain(_long);

        Assert.Equal("", await client.ReadEndAsync());
        client.End();
        await Eventually.TrueAsync(() => Multiplexer.Tracker.Count == 0);
        Assert.Equal(ConnectionOutcome.Completed, record.Outcome);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Drain_ClientThatHasSentNothing_FinAtOnce(string transport)
    {
        await StartAsync(transport, Line);
        using var client = await Multiplexer.ConnectAsync();
        await Eventually.TrueAsync(() => Multiplexer.Tracker.Open.Any());

        Assert.Single(Multiplexer.Tracker.Open).BeginDrain(_long);

        Assert.Equal("", await client.ReadEndAsync());
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Drain_RequestsUnderWay_AreAnsweredThenFin(string transport)
    {
        await StartAsync(transport, Line);
        using var gate = Gate();
        using var client = await Multiplexer.ConnectAsync();
        await client.SendAsync("1\n2\n");
        await Device.SeenAsync(1);
        await QueuedAsync(1);

        Assert.Single(Multiplexer.Tracker.Open).BeginDrain(_long);
        gate.Release(2);

        Assert.Equal(("=1", "=2", ""), (await client.ReadLineAsync(), await client.ReadLineAsync(), await client.ReadEndAsync()));
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Drain_PartOfARequestSent_TheRestIsAwaitedAndAnsweredThenFin(string transport)
    {
        await StartAsync(transport, Line);
        using var client = await Multiplexer.ConnectAsync();
        await client.SendAsync("1");
        await Eventually.TrueAsync(() => Multiplexer.Tracker.Open.Any(static record => record.ClientBytes == 1));

        Assert.Single(Multiplexer.Tracker.Open).BeginDrain(_long);
        await client.SendAsync("2\n");

        Assert.Equal(("=12", ""), (await client.ReadLineAsync(), await client.ReadEndAsync()));
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Drain_NoTimeLimit_ClientStays(string transport)
    {
        await StartAsync(transport, Line);
        using var client = await Multiplexer.ConnectAsync();
        Assert.Equal("=1", await client.AskAsync("1"));

        Assert.Single(Multiplexer.Tracker.Open).BeginDrain(Timeout.InfiniteTimeSpan);

        Assert.Equal("=2", await client.AskAsync("2"));
    }
}

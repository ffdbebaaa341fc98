using System.Diagnostics.Metrics;
using Proxy.Core.Tests.Multiplexing;

namespace Proxy.Core.Tests.EndToEnd.Multiplexing;

/// <summary>What an edit leaves alone goes on; what it changes ends properly.</summary>
public sealed class EditTests : SessionTestBase
{
    private const string Line = "\"Protocol\": \"line\"";

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Edit_OtherThings_UpstreamAndClientsStay(string transport)
    {
        await StartAsync(transport, """ "Framing": { "Delimiter": { "Bytes": "\n" } } """);
        using var client = await Multiplexer.ConnectAsync();
        Assert.Equal("=1", await client.AskAsync("1"));

        await EditAsync(""" "Framing": { "Delimiter": { "Bytes": "\n" } } """, """ "QueueLimit": 5 """, """, "IdleTimeout": "00:10:00" """);

        Assert.Equal("=2", await client.AskAsync("2"));
        using var next = await Multiplexer.ConnectAsync();
        Assert.Equal("=3", await next.AskAsync("3"));
        Assert.Equal((1, 1, 1), Device.Connections);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Edit_ItsSettings_ExchangeInFlightEndsAndAnotherConnectionIsMade(string transport)
    {
        await StartAsync(transport, Line);
        using var gate = Gate();
        using var client = await Multiplexer.ConnectAsync();
        await client.SendAsync("1\n2\n");
        await Device.SeenAsync(1);

        await EditAsync(Line + """, "ResponseTimeout": "00:00:07" """);
        gate.Release(2);

        Assert.Equal(("=1", "=2"), (await client.ReadLineAsync(), await client.ReadLineAsync()));
        Assert.Equal((2, 1, 1), Device.Connections);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Edit_DestinationRenamedWhileAnIdleClientStays_ItsConnectionIsGivenBack(string transport)
    {
        await StartAsync(transport, Line + """, "KeepUnused": "None" """);
        using var idle = await Multiplexer.ConnectAsync();
        Assert.Equal("=1", await idle.AskAsync("1"));

        await RenameAsync(Line);

        await OpenAsync(0);
        using var other = await Multiplexer.ConnectAsync();
        Assert.Equal("=2", await other.AskAsync("2"));
        Assert.Equal("=3", await idle.AskAsync("3"));
        Assert.Equal((2, 1, 1), Device.Connections);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Edit_DestinationRenamedWhileAReadIsShared_WhoSharesItGetsItsReplies(string transport)
    {
        const string Protocol = "\"Protocol\": \"modbus-tcp\"";
        Device = Add(new Device(Device.ModbusTcp));
        Device.AnswerModbus(static adu => ModbusMessages.Value(adu[0], adu[3]));
        await StartAsync(transport, Protocol);
        using var gate = Gate();
        using var busy = await Multiplexer.ConnectAsync();
        using var leader = await Multiplexer.ConnectAsync();
        using var follower = await Multiplexer.ConnectAsync();
        await busy.SendAsync(ModbusMessages.Tcp(1, ModbusMessages.Read(2, 1)));
        await Device.SeenAsync(1);
        await leader.SendAsync(ModbusMessages.Tcp(2, ModbusMessages.Read(1, 5)));
        await QueuedAsync(1);
        using var shared = new Measured(Multiplexer.Service<IMeterFactory>(), "proxy.multiplex.shared");
        await follower.SendAsync(ModbusMessages.Tcp(3, ModbusMessages.Read(1, 5)));
        await Eventually.TrueAsync(() => shared.Count == 1);

        await RenameAsync(Protocol);
        await follower.SendAsync(ModbusMessages.Tcp(4, ModbusMessages.Read(1, 6)));
        await Eventually.TrueAsync(() => Multiplexer.Tracker.Open.Any(static record => record.ClientBytes == 24));
        leader.Reset();
        await Eventually.TrueAsync(() => Multiplexer.Tracker.Count == 2);
        gate.Release(10);

        Assert.Equal(ModbusMessages.Value(1, 5), await follower.ReadReplyAsync(3));
        Assert.Equal(ModbusMessages.Value(1, 6), await follower.ReadReplyAsync(4));
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Edit_AnotherAddress_ClientsFollowAfterTheirExchange(string transport)
    {
        await StartAsync(transport, Line);
        var old = Device;
        using var gate = Gate();
        using var client = await Multiplexer.ConnectAsync();
        await client.SendAsync("old\n");
        await old.SeenAsync(1);
        Device = Add(new Device());

        await EditAsync(Line);
        gate.Release();

        Assert.Equal("=old", await client.ReadLineAsync());
        Assert.Equal("=new", await client.AskAsync("new"));
        Assert.Equal(["new"], Device.Lines);
        await Eventually.TrueAsync(() => old.Connections.Open == 0);
        await Eventually.TrueAsync(() =>
        {
            Time.Advance(Tick); // the session of the old address ends with the first look at the clock after its connection has
            return Multiplexer.Registry.Status.Count == 1;
        });
        Assert.Equal(Device.Port, new Uri(Multiplexer.Status.Address).Port);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Edit_RouteRemoved_ItsClientsAreServedUntilTheyLeave(string transport)
    {
        await StartAsync(transport, Line);
        using var client = await Multiplexer.ConnectAsync();
        await client.AskAsync("1");

        await Multiplexer.EditAsync(
            $$"""
            { "ReverseProxy": {
                "TcpRoutes": { "other": { "Listen": "127.0.0.1:0", "ClusterId": "f" } },
                "Clusters": { "f": { "Destinations": { "d": { "Address": "tcp://127.0.0.1:{{Device.Port}}" } } } } } }
            """
        );
        Assert.Equal("=2", await client.AskAsync("2"));
        client.Dispose();

        await OpenAsync(0);
        await Eventually.TrueAsync(() =>
        {
            Time.Advance(Tick);
            return Multiplexer.Registry.Status.Count == 0;
        });
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Edit_WhileAClientIsLetInByTheRevisionBefore_IsServedAndNothingIsLeft(string transport)
    {
        await StartAsync(transport, Line + """, "KeepUnused": "None" """);
        Multiplexer.Registry.Apply([]); // the handler that takes the next client knows nothing of it yet
        using var client = await Multiplexer.ConnectAsync();

        Assert.Equal("=1", await client.AskAsync("1"));
        Assert.True(Multiplexer.Status.IsRetired);
        client.Dispose();

        await OpenAsync(0);
        await Eventually.TrueAsync(() =>
        {
            Time.Advance(Tick);
            return Multiplexer.Registry.Status.Count == 0;
        });
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Edit_AnotherProtocol_OldClientsEndAndNewOnesAreServed(string transport)
    {
        await StartAsync(transport, Line);
        using var old = await Multiplexer.ConnectAsync();
        Assert.Equal("=1", await old.AskAsync("1"));

        await EditAsync(""" "Framing": { "Delimiter": { "Bytes": "\n", "MaxBytes": 100 } } """);

        Assert.Equal("reset", await old.AskAsync("2"));
        using var next = await Multiplexer.ConnectAsync();
        Assert.Equal("=3", await next.AskAsync("3"));
        Assert.Equal(["1", "3"], Device.Lines);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Edit_OverAndOverUnderLoad_EveryRequestIsAnsweredByWhoItWasFor(string transport)
    {
        var first = Device;
        var second = Add(new Device());
        await StartAsync(transport, Line);
        using var stop = new CancellationTokenSource();
        var load = Enumerable.Range(0, 16).Select(number => Task.Run(() => AskUntilAsync(number, stop.Token))).ToList();
        for (var edit = 0; edit < 100; edit++)
        {
            // The device's settings, its address, the route's, and the route itself, each by itself and together.
            Device = edit % 7 == 6 ? second : first;
            var settings = edit % 3 == 0 ? $", \"ResponseTimeout\": \"00:01:{edit % 60:00}\"" : "";
            await EditAsync(
                Line + settings,
                $"\"QueueLimit\": {1000 + (edit % 2)}",
                edit % 5 == 0 ? ", \"DrainTimeout\": \"01:00:00\"" : ""
            );
            var seen = first.Messages.Count + second.Messages.Count;
            await Eventually.TrueAsync(() => first.Messages.Count + second.Messages.Count > seen + 20);
        }

        await stop.CancelAsync();
        var answered = await Task.WhenAll(load).WaitAsync(Eventually.Limit);

        Assert.Equal(answered.Sum(), first.Messages.Count + second.Messages.Count);
        Assert.Equal((1, 1), (first.Connections.Most, second.Connections.Most));
        Assert.NotEmpty(second.Messages);
    }

    private async Task<int> AskUntilAsync(int number, CancellationToken stop)
    {
        var answered = 0;
        while (!stop.IsCancellationRequested)
        {
            using var client = await Multiplexer.ConnectAsync();
            for (var round = 0; round < 20 && !stop.IsCancellationRequested; round++, answered++)
            {
                Assert.Equal($"={number}.{answered}", await client.AskAsync($"{number}.{answered}"));
            }
        }

        return answered;
    }

    /// <summary>The same device under another id.</summary>
    private Task RenameAsync(string cluster) =>
        Multiplexer.EditAsync(Multiplexer.Json(Device.Port, cluster).Replace("\"d\":", "\"e\":", StringComparison.Ordinal));
}

using System.Net;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.EndToEnd.Multiplexing;

/// <summary>Multiplex in the whole program, with YARP's clusters, edits while it runs and draining.</summary>
public sealed class MultiplexTests : IDisposable
{
    private readonly TcpServer _device = new("");

    [Fact]
    public async Task Run_ModeMultiplex_ClientsShareOneConnectionAcrossEdits()
    {
        await using var host = await TestHost.StartAsync(Config("\"QueueLimit\": 9"));
        using var one = await TcpClientSocket.ConnectAsync(host.Address);
        using var two = await TcpClientSocket.ConnectAsync(host.Address);
        Assert.Equal("a\n", await one.AskAsync("a\n"));
        Assert.Equal("b\n", await two.AskAsync("b\n"));

        await host.EditAsync(Config("\"QueueLimit\": 8"));

        Assert.Equal("c\n", await one.AskAsync("c\n"));
        using var three = await TcpClientSocket.ConnectAsync(host.Address);
        Assert.Equal("d\n", await three.AskAsync("d\n"));
        Assert.Equal(1, _device.Connections);
        var status = host.Multiplexed;
        Assert.Equal(("c", "d0", 3), (status.ClusterId, status.DestinationId, status.Clients.Count));
    }

    [Fact]
    public async Task Stop_IdleClient_EndsAtOnceAndSoDoesTheHost()
    {
        var config = Config("\"QueueLimit\": 9").Replace("00:00:00", "01:00:00", StringComparison.Ordinal); // the DrainTimeout
        await using var host = await TestHost.StartAsync(config);
        using var idle = await TcpClientSocket.ConnectAsync(host.Address);
        Assert.Equal("a\n", await idle.AskAsync("a\n"));

        var stop = host.StopAsync();

        Assert.Equal("", await idle.ReadAsync());
        idle.End();
        await stop.WaitAsync(Eventually.Limit);
    }

    [Fact]
    public async Task Edit_RepeatedlyUnderLoad_EveryRequestIsAnsweredByItsDestination()
    {
        await using var host = await TestHost.StartAsync(Config("\"QueueLimit\": 1000"));
        using var stop = new CancellationTokenSource();
        var load = Task.WhenAll(Enumerable.Range(0, 16).Select(number => AskUntilAsync(host.Address, number, stop.Token)));

        for (var edit = 0; edit < 60; edit++)
        {
            // Every edit changes the route's settings, every third one the device's; some files are invalid.
            var device = edit % 3 == 0 ? $"\"ResponseTimeout\": \"00:01:{edit:00}\"" : "\"ResponseTimeout\": \"00:02:00\"";
            if (edit % 10 == 0)
            {
                await host.WriteAsync("{ bad");
            }

            await host.EditAsync(Config($"\"QueueLimit\": {1001 + edit}", device));
        }

        await stop.CancelAsync();
        Assert.True((await load.WaitAsync(Eventually.Limit)).Sum() > 0);
        Assert.InRange(_device.Connections, 2, 60); // connections are renewed only when their own settings change
    }

    public void Dispose() => _device.Dispose();

    private static async Task<int> AskUntilAsync(EndPoint address, int number, CancellationToken stop)
    {
        var answered = 0;
        while (!stop.IsCancellationRequested)
        {
            using var client = await TcpClientSocket.ConnectAsync(address);
            for (var round = 0; round < 50 && !stop.IsCancellationRequested; round++, answered++)
            {
                Assert.Equal($"{number}.{answered}\n", await client.AskAsync($"{number}.{answered}\n"));
            }
        }

        return answered;
    }

    private string Config(string route, string device = "\"ResponseTimeout\": \"00:01:00\"") =>
        $$"""
            { "ReverseProxy": {
                "TcpRoutes": { {{Json.Route("m", $$""" "DrainTimeout": "00:00:00", "Mode": "Multiplex", "Multiplex": { {{route}} } """)}} },
                "Clusters": { "c": {
                  "Destinations": { "d0": { "Address": "tcp://127.0.0.1:{{_device.Port}}" } }, "Multiplex": { "Protocol": "line", {{device}} } } } } }
            """;
}

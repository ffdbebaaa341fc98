using Microsoft.Extensions.DependencyInjection;
using Proxy.Host.Tests.Support;
using Proxy.Multiplexing;

namespace Proxy.Host.Tests.Multiplexing;

/// <summary>Multiplex through the program as it is shipped: YARP's clusters, live edits, draining.</summary>
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
        var status = Assert.Single(host.Services.GetRequiredService<MultiplexRegistry>().Status);
        Assert.Equal(("c", "d0", 3), (status.ClusterId, status.DestinationId, status.Clients.Count));
    }

    public void Dispose() => _device.Dispose();

    private string Config(string route) =>
        $$"""
            { "ReverseProxy": {
                "TcpRoutes": { {{Json.Route("m", $$""" "DrainTimeout": "00:00:00", "Mode": "Multiplex", "Multiplex": { {{route}} } """)}} },
                "Clusters": { "c": {
                  "Destinations": { "d0": { "Address": "tcp://127.0.0.1:{{_device.Port}}" } }, "Multiplex": { "Protocol": "line" } } } } }
            """;
}

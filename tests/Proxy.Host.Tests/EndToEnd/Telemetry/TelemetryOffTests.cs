using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Logs;
using OpenTelemetry.Trace;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.EndToEnd.Telemetry;

/// <summary>The host without a receiver. The test runs alone, because listeners for spans apply to the whole process.</summary>
[Collection(Alone.Name)]
public sealed class TelemetryOffTests
{
    [Fact]
    public async Task Start_NoReceiver_HasNoListenerForSpans()
    {
        using var server = new TcpServer("hello");
        await using var host = await TestHost.StartAsync(Json.Routes(Json.Route("r"), server.Port));
        using var client = await TcpClientSocket.ConnectAsync(host.Address);
        Assert.Equal("hello", await client.ReadAsync());

        Assert.Null(host.Services.GetService<TracerProvider>());
        Assert.Null(host.Services.GetService<LoggerProvider>());
        foreach (var name in (string[])["Proxy", "Yarp.ReverseProxy", "Microsoft.AspNetCore", "System.Net.Http"])
        {
            using var source = new ActivitySource(name);
            Assert.False(source.HasListeners(), name);
        }
    }
}

using Proxy.Host.Tests.EndToEnd.Telemetry.Otlp;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.EndToEnd.Telemetry;

/// <summary>What the program exports when it stops. It runs alone, because a first export, with its connection, has three seconds then.</summary>
[Collection(Alone.Name)]
public sealed class TelemetryStopTests : IAsyncLifetime
{
    private readonly TcpServer _server = new("hello");
    private OtlpReceiver _receiver = null!;

    public async Task InitializeAsync() => _receiver = await OtlpReceiver.StartAsync();

    [Fact]
    public async Task Stop_NothingExportedYet_ExportsEverything()
    {
        using var host = new TelemetryHost(
            Json.Routes(Json.Route("r"), _server.Port),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", _receiver.Url("grpc")),
            ("OTEL_BSP_SCHEDULE_DELAY", "3600000"),
            ("OTEL_BLRP_SCHEDULE_DELAY", "3600000"),
            ("OTEL_METRIC_EXPORT_INTERVAL", "3600000")
        );
        using var held = await TcpClientSocket.ConnectAsync(await host.Process.PortAsync()); // open, so that the stop has to drain it
        Assert.Equal("hello", await held.ReadAsync());
        Assert.Empty(_receiver.Paths);

        await host.Process.SignalAsync("TERM");
        held.End();
        Assert.Equal(0, await host.Process.ExitAsync());

        Assert.Equal("proxy.connection r", Assert.Single(_receiver.Spans).Name);
        Assert.Contains(_receiver.Metrics, static metric => metric.Name == "proxy.connections");
        Assert.NotEmpty(_receiver.Logs);
    }

    public async Task DisposeAsync()
    {
        _server.Dispose();
        await _receiver.DisposeAsync();
    }
}

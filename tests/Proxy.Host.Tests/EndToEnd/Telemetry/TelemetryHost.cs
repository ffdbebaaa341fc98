using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.EndToEnd.Telemetry;

/// <summary>Runs the program as a process, because OpenTelemetry's environment variables and listeners apply to a whole process.</summary>
internal sealed class TelemetryHost : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    public TelemetryHost(string json, params (string Name, string Value)[] variables)
    {
        File.WriteAllText(_file, json);
        var exports = string.Concat(variables.Select(static variable => $"export {variable.Name}='{variable.Value}'; "));
        Process = new ProxyProcess(exports, "run", "--config", _file);
    }

    public ProxyProcess Process { get; }

    /// <summary>The variables that export all signals, at short intervals.</summary>
    public static (string Name, string Value)[] Exporting(string url, string protocol = "grpc") =>
        [
            ("OTEL_EXPORTER_OTLP_ENDPOINT", url),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
            ("OTEL_BSP_SCHEDULE_DELAY", "100"),
            ("OTEL_BLRP_SCHEDULE_DELAY", "100"),
            ("OTEL_METRIC_EXPORT_INTERVAL", "300"),
        ];

    /// <summary>Opens a connection through the first route, reads the greeting and closes the connection.</summary>
    /// <returns>The greeting of the server.</returns>
    public async Task<string?> ConnectAsync(string endpoint = "127.0.0.1")
    {
        using var client = await TcpClientSocket.ConnectAsync(await Process.PortAsync(endpoint));
        var greeting = await client.ReadAsync();
        client.End();
        await client.ReadAsync();
        return greeting;
    }

    /// <summary>Stops the program with SIGTERM and returns its exit code.</summary>
    public async Task<int> StopAsync()
    {
        await Process.SignalAsync("TERM");
        return await Process.ExitAsync();
    }

    public void Dispose()
    {
        Process.Dispose();
        File.Delete(_file);
    }
}

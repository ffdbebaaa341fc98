using System.Collections;
using System.Globalization;
using OpenTelemetry.Exporter;

namespace Proxy.Host.Observability;

/// <summary>The environment variables of the OpenTelemetry specification that enable and configure the export.</summary>
/// <param name="values">Environment variables. Those whose names do not begin with OTEL_ are ignored.</param>
internal sealed class OtelVariables(IEnumerable<KeyValuePair<string, string?>> values)
{
    public const string Metrics = "METRICS";
    public const string Traces = "TRACES";
    public const string Logs = "LOGS";

    private const string Prefix = "OTEL_";
    private const string Disabled = "OTEL_SDK_DISABLED";
    private const string Exporter = "OTEL_EXPORTER_OTLP_";
    private const int DefaultTimeoutMilliseconds = 10_000;

    private readonly Dictionary<string, string?> _values = values
        .Where(static pair => pair.Key.StartsWith(Prefix, StringComparison.Ordinal) && !string.IsNullOrWhiteSpace(pair.Value))
        .ToDictionary(StringComparer.Ordinal);

    /// <summary>The variables for the SDK. OTEL_SDK_DISABLED is left out, because the SDK would also disable the scrapes of /metrics.</summary>
    public IEnumerable<KeyValuePair<string, string?>> ForSdk => _values.Where(static pair => pair.Key != Disabled);

    /// <summary>Reads the environment variables of this process.</summary>
    public static OtelVariables OfProcess() =>
        new(
            Environment
                .GetEnvironmentVariables()
                .Cast<DictionaryEntry>()
                .Select(static variable => KeyValuePair.Create((string)variable.Key, (string?)variable.Value))
        );

    /// <summary>Whether a signal is exported.</summary>
    /// <param name="signal">Metrics, Traces or Logs.</param>
    public bool Exports(string signal) =>
        !Is(Disabled, "true") && !Is($"OTEL_{signal}_EXPORTER", "none") && Find(signal, "ENDPOINT") is { } endpoint && IsUrl(endpoint);

    /// <summary>Returns a message for each variable with an invalid value.</summary>
    public IEnumerable<string> Problems() =>
        _values
            .Where(static pair => pair.Key.StartsWith(Exporter, StringComparison.Ordinal) && !IsUsable(pair.Key, pair.Value!))
            .Select(static pair => $"The environment variable {pair.Key} is invalid: it must be {Expected(pair.Key)}.");

    /// <summary>Configures the exporter of one signal. The SDK itself reads only the variables that apply to all signals.</summary>
    public void Apply(string signal, OtlpExporterOptions options)
    {
        if (_values.TryGetValue($"{Exporter}{signal}_ENDPOINT", out var endpoint) && IsUrl(endpoint!))
        {
            options.Endpoint = new Uri(endpoint!);
        }

        options.Protocol = Find(signal, "PROTOCOL") is { } protocol ? ProtocolOf(protocol) ?? options.Protocol : options.Protocol;
        options.Headers = Find(signal, "HEADERS") is { } headers && AreHeaders(headers) ? headers : null;
        options.TimeoutMilliseconds =
            Find(signal, "TIMEOUT") is { } timeout && IsTime(timeout)
                ? int.Parse(timeout, CultureInfo.InvariantCulture)
                : DefaultTimeoutMilliseconds;
    }

    // A variable for one signal takes precedence over the variable for all signals.
    private string? Find(string signal, string name) =>
        _values.GetValueOrDefault($"{Exporter}{signal}_{name}") ?? _values.GetValueOrDefault($"{Exporter}{name}");

    private bool Is(string name, string value) => string.Equals(_values.GetValueOrDefault(name), value, StringComparison.OrdinalIgnoreCase);

    private static bool IsUsable(string name, string value) =>
        name.EndsWith("_ENDPOINT", StringComparison.Ordinal) ? IsUrl(value)
        : name.EndsWith("_PROTOCOL", StringComparison.Ordinal) ? ProtocolOf(value) is not null
        : name.EndsWith("_TIMEOUT", StringComparison.Ordinal) ? IsTime(value)
        : !name.EndsWith("_HEADERS", StringComparison.Ordinal) || AreHeaders(value);

    // The message does not contain the value, which may be a secret.
    private static string Expected(string name) =>
        name.EndsWith("_ENDPOINT", StringComparison.Ordinal) ? "a URL such as http://localhost:4317. Nothing is exported to it"
        : name.EndsWith("_PROTOCOL", StringComparison.Ordinal) ? "grpc or http/protobuf. The default grpc is used"
        : name.EndsWith("_TIMEOUT", StringComparison.Ordinal) ? "a number of milliseconds from 1. The default 10000 is used"
        : "name=value pairs separated by commas. No headers are sent";

    private static bool IsUrl(string value) =>
        Uri.TryCreate(value, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" && url.Host.Length > 0;

    private static OtlpExportProtocol? ProtocolOf(string value) =>
        value.Trim() switch
        {
            "grpc" => OtlpExportProtocol.Grpc,
            "http/protobuf" => OtlpExportProtocol.HttpProtobuf,
            _ => null,
        };

    private static bool IsTime(string value) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds) && milliseconds > 0;

    private static bool AreHeaders(string value) =>
        value.Split(',', StringSplitOptions.RemoveEmptyEntries).All(static pair => pair.IndexOf('=', StringComparison.Ordinal) > 0);
}

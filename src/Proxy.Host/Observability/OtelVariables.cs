using System.Collections;
using System.Globalization;
using OpenTelemetry.Exporter;

namespace Proxy.Host.Observability;

/// <summary>The environment variables of OpenTelemetry's specification, by which exporting is switched on and set.</summary>
/// <param name="values">The variables; names that do not begin with OTEL_ are left out.</param>
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

    /// <summary>The variables for the SDK. OTEL_SDK_DISABLED is not among them: the SDK would end the scrapes of /metrics too.</summary>
    public IEnumerable<KeyValuePair<string, string?>> ForSdk => _values.Where(static pair => pair.Key != Disabled);

    /// <summary>Those of this process.</summary>
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

    /// <summary>One message for each variable whose value cannot be used.</summary>
    public IEnumerable<string> Problems() =>
        _values
            .Where(static pair => pair.Key.StartsWith(Exporter, StringComparison.Ordinal) && !IsUsable(pair.Key, pair.Value!))
            .Select(static pair => $"{pair.Key} cannot be used: {Expected(pair.Key)}.");

    /// <summary>Sets what the variables say of one signal. The SDK knows those of all signals.</summary>
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

    // The variable of one signal comes before that of all signals.
    private string? Find(string signal, string name) =>
        _values.GetValueOrDefault($"{Exporter}{signal}_{name}") ?? _values.GetValueOrDefault($"{Exporter}{name}");

    private bool Is(string name, string value) => string.Equals(_values.GetValueOrDefault(name), value, StringComparison.OrdinalIgnoreCase);

    private static bool IsUsable(string name, string value) =>
        name.EndsWith("_ENDPOINT", StringComparison.Ordinal) ? IsUrl(value)
        : name.EndsWith("_PROTOCOL", StringComparison.Ordinal) ? ProtocolOf(value) is not null
        : name.EndsWith("_TIMEOUT", StringComparison.Ordinal) ? IsTime(value)
        : !name.EndsWith("_HEADERS", StringComparison.Ordinal) || AreHeaders(value);

    // The value is left out, since it may hold a secret.
    private static string Expected(string name) =>
        name.EndsWith("_ENDPOINT", StringComparison.Ordinal)
            ? "a URL such as http://localhost:4317 was expected, and nothing is exported there"
        : name.EndsWith("_PROTOCOL", StringComparison.Ordinal) ? "grpc or http/protobuf was expected, and grpc is used"
        : name.EndsWith("_TIMEOUT", StringComparison.Ordinal) ? "milliseconds from 1 were expected, and 10000 is used"
        : "name=value pairs with commas between them were expected, and none is sent";

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

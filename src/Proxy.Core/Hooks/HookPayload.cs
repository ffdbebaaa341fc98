using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Proxy.Hooks;

/// <summary>An event in the form that programs and URLs receive: one JSON object, or environment variables.</summary>
internal sealed record HookPayload(
    string Event,
    string Route,
    string? Destination,
    string? Address,
    string? Client,
    long Activation,
    bool AfterTimeout,
    long? FencingToken
)
{
    public static HookPayload Of(HookEvent hookEvent) =>
        new(
            hookEvent.Name,
            hookEvent.Route,
            hookEvent.Destination,
            hookEvent.Address is null ? null : HookAddress.Format(hookEvent.Address),
            hookEvent.Client?.ToString(),
            hookEvent.Activation,
            hookEvent.AfterTimeout,
            hookEvent.FencingToken
        );

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, HookJson.Default.HookPayload);

    /// <summary>The variables. Absent values are set to empty, so that a program does not inherit a variable of the same name.</summary>
    public IReadOnlyDictionary<string, string> ToEnvironment() =>
        new Dictionary<string, string>
        {
            ["PROXY_EVENT"] = Event,
            ["PROXY_ROUTE"] = Route,
            ["PROXY_DESTINATION"] = Destination ?? "",
            ["PROXY_ADDRESS"] = Address ?? "",
            ["PROXY_CLIENT"] = Client ?? "",
            ["PROXY_ACTIVATION"] = Activation.ToString(CultureInfo.InvariantCulture),
            ["PROXY_AFTER_TIMEOUT"] = AfterTimeout ? "1" : "0",
            ["PROXY_FENCING_TOKEN"] = FencingToken?.ToString(CultureInfo.InvariantCulture) ?? "",
        };
}

/// <summary>Serialization metadata that is generated at build time.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(HookPayload))]
internal sealed partial class HookJson : JsonSerializerContext;

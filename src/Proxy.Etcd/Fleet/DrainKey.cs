using System.Text.Json;
using System.Text.Json.Serialization;
using Proxy.Configuration.Reading;
using Proxy.Engine;
using Proxy.Etcd.Client;

namespace Proxy.Etcd.Fleet;

/// <summary>
/// What is drained on all hosts, as it is stored: the escaped ids are the key, cluster/destination or that of a member alone, and the value names the client and host
/// that drained it, and the time.
/// </summary>
internal static class DrainKey
{
    private const int MaxBytes = 4 << 10;

    private static readonly JsonSerializerOptions _format = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    public static string Of(EngineKeys keys, DrainTarget target) =>
        target.ClusterId is { } cluster
            ? $"{keys.Drains}{Uri.EscapeDataString(cluster)}/{Uri.EscapeDataString(target.Id)}"
            : $"{keys.Drains}{Uri.EscapeDataString(target.Id)}";

    /// <summary>What a key is about; null if it is no key of a drain.</summary>
    public static DrainTarget? Target(EngineKeys keys, string key) =>
        key[keys.Drains.Length..].Split('/') switch
        {
            [{ Length: > 0 } member] => new(null, Uri.UnescapeDataString(member)),
            [{ Length: > 0 } cluster, { Length: > 0 } destination] => new(
                Uri.UnescapeDataString(cluster),
                Uri.UnescapeDataString(destination)
            ),
            _ => null,
        };

    public static byte[] Write(DrainOrder order) => JsonSerializer.SerializeToUtf8Bytes(order, _format);

    /// <summary>Reads a value, which an operator may have written by hand: what it does not say is not known.</summary>
    public static DrainOrder Read(ReadOnlySpan<byte> value)
    {
        try
        {
            return value.Length <= MaxBytes && JsonSerializer.Deserialize<DrainOrder>(value, _format) is { } order
                ? order with
                {
                    Host = Text(order.Host),
                    Client = Text(order.Client),
                }
                : new(null, null, null);
        }
        catch (JsonException)
        {
            return new(null, null, null);
        }
    }

    private static string? Text(string? text) => text is null ? null : Printable.Shorten(text);
}

using System.Text.Json;
using System.Text.Json.Serialization;

namespace Proxy.Etcd.Locking;

/// <summary>The value of a key of a lock: which client of which host stands there.</summary>
/// <param name="Instance">The id of the host.</param>
/// <param name="Connection">The id of the connection there.</param>
/// <param name="Client">The client's address.</param>
/// <param name="Order">The place among the keys that one transaction has written, from 0.</param>
/// <param name="Served">Whether it is served whatever its place, since its host had admitted it by itself.</param>
internal sealed record LockRecord(string Instance, string Connection, string? Client, int Order, bool Served)
{
    /// <summary>What stands for a value that no host has written; its key waits and holds like any other.</summary>
    public static LockRecord Unknown { get; } = new("", "", null, 0, false);

    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, LockJson.Default.LockRecord);

    public static LockRecord Parse(ReadOnlyMemory<byte> value)
    {
        try
        {
            return
                JsonSerializer.Deserialize(value.Span, LockJson.Default.LockRecord) is { Instance: not null, Connection: not null } record
                ? record
                : Unknown;
        }
        catch (JsonException)
        {
            return Unknown;
        }
    }
}

/// <summary>Serialization metadata that is generated at build time.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault
)]
[JsonSerializable(typeof(LockRecord))]
internal sealed partial class LockJson : JsonSerializerContext;

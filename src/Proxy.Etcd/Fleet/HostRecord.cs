using System.Text.Json;
using System.Text.Json.Serialization;
using Proxy.Conditions;
using Proxy.Configuration.Reading;
using Proxy.Engine;

namespace Proxy.Etcd.Fleet;

/// <summary>The record of a host as it is stored: one JSON object.</summary>
internal static class HostRecord
{
    private const int MaxBytes = 64 << 10;
    private const int MostDocuments = 100;

    private static readonly JsonSerializerOptions _format = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    public static byte[] Write(FleetHost host) =>
        JsonSerializer.SerializeToUtf8Bytes(
            new Stored
            {
                Epoch = host.Epoch,
                Version = host.Version,
                StartedAt = host.StartedAt,
                AdminAddress = host.AdminAddress,
                Revision = host.Revision,
                AppliedAt = host.AppliedAt,
                Documents = [.. host.Documents],
                RejectedSince = host.RejectedSince,
                Level = host.Level.ToString(),
                Draining = host.Draining,
            },
            _format
        );

    /// <summary>
    /// Reads a record, which any program may have written: texts are short and on one line, and of one that is malformed, or of a later version, as much is
    /// known as that there is such a host.
    /// </summary>
    /// <param name="instance">The id of the host, which the key has.</param>
    /// <param name="value">The value.</param>
    public static FleetHost Read(string instance, ReadOnlySpan<byte> value)
    {
        var id = Printable.Shorten(instance);
        if (Parse(value) is not { } stored)
        {
            return new(id, "");
        }

        return new(id, Text(stored.Epoch) ?? "")
        {
            Version = Text(stored.Version),
            StartedAt = stored.StartedAt,
            AdminAddress = Text(stored.AdminAddress),
            Revision = Text(stored.Revision),
            AppliedAt = stored.AppliedAt,
            Documents =
            [
                .. (stored.Documents ?? [])
                    .Where(static one => one is { Name: not null })
                    .Select(static one => one with { Name = Printable.Shorten(one.Name) })
                    .DistinctBy(static one => one.Name, StringComparer.Ordinal)
                    .OrderBy(static one => one.Name, StringComparer.Ordinal)
                    .Take(MostDocuments),
            ],
            RejectedSince = stored.RejectedSince,
            Level = Enum.TryParse<ConditionLevel>(stored.Level, out var level) && Enum.IsDefined(level) ? level : ConditionLevel.Ok,
            Draining = stored.Draining,
        };
    }

    private static string? Text(string? text) => text is null ? null : Printable.Shorten(text);

    private static Stored? Parse(ReadOnlySpan<byte> value)
    {
        try
        {
            return value.Length > MaxBytes ? null : JsonSerializer.Deserialize<Stored>(value, _format);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private sealed record Stored
    {
        public string? Epoch { get; init; }

        public string? Version { get; init; }

        public DateTimeOffset? StartedAt { get; init; }

        public string? AdminAddress { get; init; }

        public string? Revision { get; init; }

        public DateTimeOffset? AppliedAt { get; init; }

        public IReadOnlyList<FleetDocument>? Documents { get; init; }

        public DateTimeOffset? RejectedSince { get; init; }

        public string? Level { get; init; }

        public bool Draining { get; init; }
    }
}

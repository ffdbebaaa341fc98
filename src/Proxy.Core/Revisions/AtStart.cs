using Microsoft.Extensions.Configuration;
using Proxy.Configuration;

namespace Proxy.Revisions;

/// <summary>The sections of the configuration that apply only at start.</summary>
internal static class AtStart
{
    private static readonly string[] _sections =
    [
        "Kestrel",
        "Admin",
        "Channels:Group",
        "Channels:Instance",
        "Channels:Tunnel",
        "Channels:Loopback",
        "Engine",
        "Transport",
        "Demo",
        "Telemetry",
    ];

    /// <summary>The sections that differ between the first revision and another.</summary>
    public static IReadOnlyList<string> Edited(Revision first, Revision now) =>
        [.. _sections.Where(section => !Flat(first.Snapshot, section).SequenceEqual(Flat(now.Snapshot, section)))];

    private static IEnumerable<KeyValuePair<string, string?>> Flat(IConfiguration snapshot, string section) =>
        snapshot.GetSection(section).AsEnumerable().OrderBy(static pair => pair.Key, StringComparer.OrdinalIgnoreCase);
}

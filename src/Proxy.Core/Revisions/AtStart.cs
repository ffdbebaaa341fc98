using Microsoft.Extensions.Configuration;
using Proxy.Configuration;

namespace Proxy.Revisions;

/// <summary>The sections that apply only at start.</summary>
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
        "Transport",
        "Demo",
    ];

    /// <summary>Those that are not as they were at the start.</summary>
    public static IReadOnlyList<string> Edited(Revision first, Revision now) =>
        [.. _sections.Where(section => !Flat(first.Snapshot, section).SequenceEqual(Flat(now.Snapshot, section)))];

    private static IEnumerable<KeyValuePair<string, string?>> Flat(IConfiguration snapshot, string section) =>
        snapshot.GetSection(section).AsEnumerable().OrderBy(static pair => pair.Key, StringComparer.OrdinalIgnoreCase);
}

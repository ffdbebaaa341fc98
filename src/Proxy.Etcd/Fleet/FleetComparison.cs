using Proxy.Engine;

namespace Proxy.Etcd.Fleet;

/// <summary>Compares what hosts run.</summary>
internal static class FleetComparison
{
    /// <summary>Marks the hosts that run an older revision of a document than another host does.</summary>
    /// <param name="hosts">The hosts, in any order.</param>
    /// <param name="before">The same before the newest change, for since when a host is behind.</param>
    /// <param name="now">The time.</param>
    /// <returns>The hosts, in the order of ids.</returns>
    public static IReadOnlyList<FleetHost> Mark(IEnumerable<FleetHost> hosts, IReadOnlyList<FleetHost> before, DateTimeOffset now)
    {
        var all = hosts.OrderBy(static host => host.Instance, StringComparer.Ordinal).ToList();
        var newest = all.SelectMany(static host => host.Documents)
            .GroupBy(static one => one.Name, StringComparer.Ordinal)
            .ToDictionary(static group => group.Key, static group => group.Max(static one => one.Revision), StringComparer.Ordinal);
        var since = before
            .Where(static host => host.BehindSince is not null)
            .DistinctBy(static host => (host.Instance, host.Epoch)) // long ids are shortened, and may be equal then
            .ToDictionary(static host => (host.Instance, host.Epoch), static host => host.BehindSince);
        return
        [
            .. all.Select(host =>
            {
                string[] behind = [.. host.Documents.Where(one => one.Revision < newest[one.Name]).Select(static one => one.Name)];
                return host with
                {
                    Behind = behind,
                    BehindSince = behind.Length == 0 ? null : since.GetValueOrDefault((host.Instance, host.Epoch)) ?? now,
                };
            }),
        ];
    }

    /// <summary>The configuration that more than half of the hosts run; null if there is none, as where each host has settings of its own.</summary>
    public static string? Usual(IReadOnlyList<FleetHost> hosts) =>
        hosts
            .Where(static host => host.Revision is not null)
            .GroupBy(static host => host.Revision, StringComparer.Ordinal)
            .FirstOrDefault(group => group.Count() * 2 > hosts.Count)
            ?.Key;
}

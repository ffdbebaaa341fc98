using Proxy.Configuration.Routes;

namespace Proxy.Admission;

/// <summary>The keys of limits.</summary>
internal static class LimitKeys
{
    /// <summary>The limits on numbers of clients that are set, with their values.</summary>
    public static IEnumerable<(string Key, int Value)> Bounds(RouteLimitsConfig values) =>
        new (string Key, int? Value)[]
        {
            (nameof(values.MaxConnections), values.MaxConnections),
            (nameof(values.MaxConnectionsPerSource), values.MaxConnectionsPerSource),
            (nameof(values.ConnectionsPerSecond), values.ConnectionsPerSecond),
            (nameof(values.ConnectionsPerSecondPerSource), values.ConnectionsPerSecondPerSource),
        }
            .Where(static bound => bound.Value is not null)
            .Select(static bound => (bound.Key, bound.Value!.Value));

    /// <summary>All that are set and refuse clients.</summary>
    public static IEnumerable<string> Refusing(RouteLimitsConfig values) =>
        new (string Key, bool IsSet)[]
        {
            (nameof(values.AllowNetworks), values.AllowNetworks is not null),
            (nameof(values.DenyNetworks), values.DenyNetworks.Count > 0),
        }
            .Where(static list => list.IsSet)
            .Select(static list => list.Key)
            .Concat(Bounds(values).Select(static bound => bound.Key));
}

using Proxy.Host.Contracts;
using Proxy.Revisions;

namespace Proxy.Host.Cli.Remote;

/// <summary>Checks names of routes, endpoints, clusters and destinations, so that a mistyped one is an error and not an empty list.</summary>
internal static class KnownNames
{
    private const int MostNames = 20;

    /// <param name="host">The running host.</param>
    /// <param name="wanted">Options and the names that they have; null for those that were not given.</param>
    /// <param name="cancellationToken">Ends the check.</param>
    /// <exception cref="AdminException">A name is not known to the host.</exception>
    public static async Task CheckAsync(
        AdminClient host,
        IReadOnlyList<(string Option, string? Name)> wanted,
        CancellationToken cancellationToken
    )
    {
        foreach (var (option, name) in wanted)
        {
            if (name is null)
            {
                continue;
            }

            var noun = option.TrimStart('-');
            var known = await NamesAsync(host, noun, cancellationToken);
            if (!known.Contains(name, StringComparer.OrdinalIgnoreCase))
            {
                throw Unknown(host, noun, name, known);
            }
        }
    }

    /// <summary>Says that a name is not known, and which ones are.</summary>
    /// <param name="host">The running host.</param>
    /// <param name="noun">What has the name, as one word.</param>
    /// <param name="name">The name.</param>
    /// <param name="known">The names that there are.</param>
    public static AdminException Unknown(AdminClient host, string noun, string name, IReadOnlyList<string> known) =>
        new($"There is no {noun} '{name}'; {noun}s of {host.Url}: {List(known)}.");

    private static async Task<IReadOnlyList<string>> NamesAsync(AdminClient host, string noun, CancellationToken cancellationToken)
    {
        switch (noun)
        {
            case "route":
                return [.. (await host.GetAsync<IReadOnlyList<RouteAnswer>>("api/routes", cancellationToken)).Select(static one => one.Id)];
            case "endpoint":
                var endpoints = await host.GetAsync<IReadOnlyList<EndpointAnswer>>("api/endpoints", cancellationToken);
                return [.. endpoints.Select(static one => one.Id).Distinct(StringComparer.OrdinalIgnoreCase)];
            default:
                var clusters = await host.GetAsync<IReadOnlyList<ClusterStatus>>("api/clusters", cancellationToken);
                return noun == "cluster"
                    ? [.. clusters.Select(static one => one.Id)]
                    :
                    [
                        .. clusters
                            .SelectMany(static one => one.Destinations)
                            .Select(static one => one.Id)
                            .Distinct(StringComparer.OrdinalIgnoreCase),
                    ];
        }
    }

    private static string List(IReadOnlyList<string> names)
    {
        var shown = string.Join(", ", names.Take(MostNames).Select(static name => $"'{name}'"));
        return names.Count == 0 ? "none"
            : names.Count > MostNames ? $"{shown} and {names.Count - MostNames} more"
            : shown;
    }
}

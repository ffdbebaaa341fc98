using System.Globalization;

namespace Proxy.Configuration.Clusters;

/// <summary>What the configuration says of a destination: of one that is configured, or of one server of a service <c>srv://name</c>.</summary>
/// <param name="Weight">The share; 0 takes none.</param>
/// <param name="Rank">Destinations of a lower rank are used first.</param>
/// <param name="MaxConnections">The number of connections to it at the same time; null for no limit.</param>
internal readonly record struct ServedDestination(int Weight, int Rank, int? MaxConnections)
{
    /// <summary>The key of YARP's metadata of a destination for the weight that DNS says.</summary>
    internal const string WeightMetadata = "Srv:Weight";

    /// <summary>The same for the rank by its priority.</summary>
    internal const string RankMetadata = "Srv:Rank";

    /// <summary>More than there are priorities.</summary>
    private const int RankOfBackups = 100_000;

    /// <summary>Finds a destination.</summary>
    /// <param name="cluster">What is configured.</param>
    /// <param name="id">The id of the destination.</param>
    /// <param name="metadata">YARP's metadata of it.</param>
    public static ServedDestination Of(ClusterSection? cluster, string id, IReadOnlyDictionary<string, string>? metadata)
    {
        var own = cluster?.Destinations.GetValueOrDefault(id);
        var (weight, rank) = (own?.Weight ?? 1, 0); // the members of a connector are not configured one by one
        if (own is null && metadata?.GetValueOrDefault(WeightMetadata) is { } served)
        {
            own = cluster?.Destinations.GetValueOrDefault(id[..id.IndexOf(':', StringComparison.Ordinal)]);
            weight = own is { Weight: 0 } ? 0 : int.Parse(served, CultureInfo.InvariantCulture);
            rank = int.Parse(metadata[RankMetadata], CultureInfo.InvariantCulture);
        }

        return new(
            weight,
            rank + (own?.Backup is true ? RankOfBackups : 0),
            own?.MaxConnections ?? cluster?.Tcp.MaxConnectionsPerDestination
        );
    }
}

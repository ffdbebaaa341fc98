using System.Globalization;
using Proxy.Configuration.Clusters;
using Proxy.Configuration.Reading;
using Yarp.ReverseProxy.Configuration;

namespace Proxy.Clusters.Services;

/// <summary>
/// Gives clusters the servers of services as destinations, in the place of a destination <c>srv://name</c>. Their ids are those of that destination with the
/// server's host and port, such as <c>a:db1.example.com:5432</c>.
/// </summary>
internal sealed class ServiceClusters(ServiceDirectory directory)
{
    private const int MostWeight = 256;
    private static readonly TimeSpan _longestWait = TimeSpan.FromSeconds(5);

    /// <summary>The clusters with the servers at present.</summary>
    /// <param name="clusters">YARP's clusters.</param>
    /// <param name="sections">What is configured.</param>
    public IReadOnlyList<ClusterConfig> Fill(IReadOnlyList<ClusterConfig> clusters, IReadOnlyDictionary<string, ClusterSection> sections)
    {
        Use(sections);
        return [.. clusters.Select(Fill)];
    }

    /// <summary>Asks for the services of a configuration that is about to be applied: until DNS answers, a new one would have no server.</summary>
    /// <returns>Completes when DNS has answered or failed to, and after five seconds at the latest.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async Task PrepareAsync(
        IReadOnlyDictionary<string, ClusterSection> sections,
        TimeProvider time,
        CancellationToken cancellationToken
    )
    {
        Use(sections);
        await directory
            .WhenAskedAsync()
            .WaitAsync(_longestWait, time, cancellationToken)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
    }

    /// <summary>Asks for the services of a configuration from now on, and for no others.</summary>
    public void Use(IReadOnlyDictionary<string, ClusterSection> sections) =>
        directory.Use(
            (
                from section in sections.Values
                from destination in section.Destinations.Values
                let name = NameOf(destination.Address)
                where name is not null
                group section.Tcp.DnsRefresh by name
            ).ToDictionary(static group => group.Key, static group => group.Min(), StringComparer.OrdinalIgnoreCase)
        );

    private static string? NameOf(string address) => SrvAddress.TryParse(address, out var name, out _) ? name : null;

    private ClusterConfig Fill(ClusterConfig cluster) =>
        cluster.Destinations is { } destinations && destinations.Values.Any(static one => SrvAddress.Is(one.Address))
            ? cluster with
            {
                Destinations = destinations.SelectMany(pair => Expand(pair.Key, pair.Value)).ToDictionary(),
            }
            : cluster;

    private IEnumerable<KeyValuePair<string, DestinationConfig>> Expand(string id, DestinationConfig destination)
    {
        if (NameOf(destination.Address) is not { } name)
        {
            return [KeyValuePair.Create(id, destination)];
        }

        var records = directory.Find(name) ?? [];
        var ranks = records.Select(static record => record.Priority).Distinct().Order().ToList();
        var most = records
            .GroupBy(static record => record.Priority)
            .ToDictionary(static group => group.Key, static group => group.Max(static one => one.Weight));
        return records
            .OrderBy(static record => record.Priority)
            .ThenByDescending(static record => record.Weight)
            .DistinctBy(static record => (record.Target, record.Port))
            .Select(record =>
            {
                var place = string.Create(CultureInfo.InvariantCulture, $"{record.Target}:{record.Port}");
                return KeyValuePair.Create(
                    $"{id}:{place}",
                    destination with
                    {
                        Address = $"tcp://{place}",
                        Metadata = new Dictionary<string, string>(destination.Metadata ?? ById.Empty<string>())
                        {
                            [ServedDestination.WeightMetadata] = Scale(record.Weight, most[record.Priority])
                                .ToString(CultureInfo.InvariantCulture),
                            [ServedDestination.RankMetadata] = ranks.IndexOf(record.Priority).ToString(CultureInfo.InvariantCulture),
                        },
                    }
                );
            });
    }

    // The weights of DNS are larger than ours, and 0 is a small share there.
    private static int Scale(int weight, int most) => most == 0 ? 1 : Math.Max(1, (int)Math.Round((double)weight * MostWeight / most));
}

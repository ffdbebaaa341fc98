using System.Globalization;
using System.Runtime.CompilerServices;
using Proxy.Configuration.Clusters;
using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.Model;

namespace Proxy.Clusters.Health;

/// <summary>
/// Active health by the checks in a row that failed or succeeded: unhealthy after Fall, healthy again after Rise. It takes the place of YARP's
/// ConsecutiveFailures, which has no Rise, and understands its threshold too (<c>ConsecutiveFailuresHealthPolicy.Threshold</c> in a cluster's metadata).
/// </summary>
internal sealed class RiseAndFallHealthPolicy(IDestinationHealthUpdater updater) : IActiveHealthCheckPolicy
{
    private const string ThresholdKey = "ConsecutiveFailuresHealthPolicy.Threshold";
    private static readonly TcpClusterConfig _defaults = new();
    private readonly ConditionalWeakTable<DestinationState, Row> _rows = [];

    /// <inheritdoc />
    public string Name => "ConsecutiveFailures";

    /// <inheritdoc />
    public void ProbingCompleted(ClusterState cluster, IReadOnlyList<DestinationProbingResult> probingResults)
    {
        ArgumentNullException.ThrowIfNull(cluster);
        ArgumentNullException.ThrowIfNull(probingResults);
        var metadata = cluster.Model.Config.Metadata;
        var rise = Read(metadata, TcpClusterConfig.RiseMetadata) ?? _defaults.Rise;
        var fall = Read(metadata, TcpClusterConfig.FallMetadata) ?? Read(metadata, ThresholdKey) ?? _defaults.Fall;
        updater.SetActive(
            cluster,
            [
                .. probingResults.Select(result => new NewActiveDestinationHealth(
                    result.Destination,
                    Judge(result.Destination, IsSuccess(result), rise, fall)
                )),
            ]
        );
    }

    private static bool IsSuccess(DestinationProbingResult result) => result is { Exception: null, Response.IsSuccessStatusCode: true };

    // YARP checks a cluster's destinations again only after these results were dealt with.
    private DestinationHealth Judge(DestinationState destination, bool isSuccess, int rise, int fall)
    {
        var row = _rows.GetOrCreateValue(destination);
        row.Length = row.IsOfSuccesses == isSuccess ? row.Length + 1 : 1;
        row.IsOfSuccesses = isSuccess;
        return isSuccess
            ? destination.Health.Active == DestinationHealth.Unhealthy && row.Length < rise
                ? DestinationHealth.Unhealthy
                : DestinationHealth.Healthy
            : row.Length >= fall
                ? DestinationHealth.Unhealthy
                : destination.Health.Active;
    }

    private static int? Read(IReadOnlyDictionary<string, string>? metadata, string key) =>
        metadata?.GetValueOrDefault(key) is { } text && int.TryParse(text, CultureInfo.InvariantCulture, out var value) && value > 0
            ? value
            : null;

    private sealed class Row
    {
        public bool IsOfSuccesses { get; set; }

        public int Length { get; set; }
    }
}

using Proxy.Diagnostics;
using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.Model;

namespace Proxy.Clusters.Health;

/// <summary>Records the result of each active check before another policy judges it, since YARP keeps neither its time nor its reason.</summary>
internal sealed class RecordedActivePolicy(IActiveHealthCheckPolicy inner, RecentOutcomes recent) : IActiveHealthCheckPolicy
{
    /// <inheritdoc />
    public string Name => inner.Name;

    /// <inheritdoc />
    public void ProbingCompleted(ClusterState cluster, IReadOnlyList<DestinationProbingResult> probingResults)
    {
        ArgumentNullException.ThrowIfNull(cluster);
        ArgumentNullException.ThrowIfNull(probingResults);
        foreach (var result in probingResults)
        {
            recent
                .Of(cluster.ClusterId, result.Destination.DestinationId)
                .Checked(result.Destination.Model.Config.Address, ErrorOf(result));
        }

        inner.ProbingCompleted(cluster, probingResults);
    }

    private static string? ErrorOf(DestinationProbingResult result) =>
        result.Response is { } response
            ? response.IsSuccessStatusCode
                ? null
                : $"status {(int)response.StatusCode}"
            : result.Exception is OperationCanceledException
                ? "no answer in time"
                : result.Exception?.Message ?? "no answer";
}

using System.Globalization;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.Model;

namespace Proxy.Clusters.Health;

/// <summary>
/// Passive health by failed dials: after <c>ConnectFailuresHealthPolicy.Threshold</c> (cluster metadata, default 1) failures in a row, a
/// destination is unhealthy for the cluster's ReactivationPeriod (default 60 s).
/// </summary>
internal sealed class ConnectFailuresHealthPolicy(IDestinationHealthUpdater updater) : IPassiveHealthCheckPolicy
{
    private const string PolicyName = "ConnectFailures";
    private const string ThresholdKey = "ConnectFailuresHealthPolicy.Threshold";
    private static readonly TimeSpan _reactivation = TimeSpan.FromSeconds(60);
    private readonly ConditionalWeakTable<DestinationState, StrongBox<int>> _failures = [];

    /// <inheritdoc />
    public string Name => PolicyName;

    /// <summary>Counts a failed dial.</summary>
    /// <param name="cluster">The cluster.</param>
    /// <param name="destination">The destination.</param>
    public void DialFailed(ClusterState cluster, DestinationState destination)
    {
        ArgumentNullException.ThrowIfNull(cluster);
        var config = cluster.Model.Config;
        if (config.HealthCheck?.Passive is not { Enabled: true } passive || !IsOurs(passive.Policy))
        {
            return;
        }

        var threshold =
            config.Metadata?.GetValueOrDefault(ThresholdKey) is { } text && int.TryParse(text, CultureInfo.InvariantCulture, out var value)
                ? value
                : 1;
        if (Interlocked.Increment(ref _failures.GetOrCreateValue(destination).Value) >= threshold)
        {
            updater.SetPassive(cluster, destination, DestinationHealth.Unhealthy, passive.ReactivationPeriod ?? _reactivation);
        }
    }

    /// <summary>Resets the count of failures.</summary>
    /// <param name="destination">The destination.</param>
    public void DialSucceeded(DestinationState destination)
    {
        if (_failures.TryGetValue(destination, out var failures))
        {
            Volatile.Write(ref failures.Value, 0);
        }
    }

    private static bool IsOurs(string? policy) =>
        string.IsNullOrEmpty(policy) || policy.Equals(PolicyName, StringComparison.OrdinalIgnoreCase);

    /// <inheritdoc />
    public void RequestProxied(HttpContext context, ClusterState cluster, DestinationState destination)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (context.Features.Get<IForwarderErrorFeature>()?.Error is ForwarderError.Request or ForwarderError.RequestTimedOut)
        {
            DialFailed(cluster, destination);
        }
        else
        {
            DialSucceeded(destination);
        }
    }
}

using Yarp.ReverseProxy.Model;

namespace Proxy.Clusters.LoadBalancing;

/// <summary>A destination that a policy may pick.</summary>
/// <param name="State">YARP's state of the destination.</param>
/// <param name="Load">The proxy's connections to it.</param>
/// <param name="Weight">The weight, at least 1.</param>
public readonly record struct DestinationCandidate(DestinationState State, DestinationLoad Load, int Weight);

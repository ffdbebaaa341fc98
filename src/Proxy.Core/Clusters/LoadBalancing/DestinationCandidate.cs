using Yarp.ReverseProxy.Model;

namespace Proxy.Clusters.LoadBalancing;

/// <summary>A destination a policy may pick.</summary>
/// <param name="State">YARP's state.</param>
/// <param name="Load">Our connections to it.</param>
/// <param name="Weight">Its share, at least 1.</param>
public readonly record struct DestinationCandidate(DestinationState State, DestinationLoad Load, int Weight);

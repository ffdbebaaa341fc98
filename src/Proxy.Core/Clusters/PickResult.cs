using Yarp.ReverseProxy.Model;

namespace Proxy.Clusters;

/// <summary>A picked destination, whose place the caller gives back, or why there is none.</summary>
/// <param name="Destination">The destination.</param>
/// <param name="Load">Where the place was taken.</param>
/// <param name="Failure">Why there is none.</param>
public readonly record struct PickResult(DestinationState? Destination, DestinationLoad? Load, PickFailure Failure);

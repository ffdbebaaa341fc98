using Proxy.Diagnostics;
using Yarp.ReverseProxy.Model;

namespace Proxy.Clusters.LoadBalancing;

/// <summary>A picked destination, whose place the caller gives back, or the reason why there is none.</summary>
/// <param name="Destination">The destination.</param>
/// <param name="Load">The load in which the place was taken.</param>
/// <param name="Refusal">
/// Why there is none: no destination is available (<see cref="ConnectionOutcome.NoDestination"/>), or all have their maximum of
/// connections (<see cref="ConnectionOutcome.LimitExceeded"/>).
/// </param>
internal readonly record struct PickResult(DestinationState? Destination, DestinationLoad? Load, ConnectionOutcome? Refusal);

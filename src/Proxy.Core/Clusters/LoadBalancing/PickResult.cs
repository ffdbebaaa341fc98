using Proxy.Diagnostics;
using Yarp.ReverseProxy.Model;

namespace Proxy.Clusters.LoadBalancing;

/// <summary>A picked destination, whose place the caller gives back, or why there is none.</summary>
/// <param name="Destination">The destination.</param>
/// <param name="Load">Where the place was taken.</param>
/// <param name="Refusal">
/// Why there is none: <see cref="ConnectionOutcome.NoDestination"/> is available, or every one has its maximum of connections
/// (<see cref="ConnectionOutcome.LimitExceeded"/>).
/// </param>
internal readonly record struct PickResult(DestinationState? Destination, DestinationLoad? Load, ConnectionOutcome? Refusal);

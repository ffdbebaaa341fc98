using Yarp.ReverseProxy.Model;

namespace Proxy.Revisions;

/// <summary>The health of a destination.</summary>
/// <param name="Active">Its health by active checks.</param>
/// <param name="Passive">Its health by the results of clients' connections and requests.</param>
/// <param name="Available">Whether it may get new connections and requests.</param>
public sealed record DestinationHealthStatus(DestinationHealth Active, DestinationHealth Passive, bool Available);

using Yarp.ReverseProxy.Model;

namespace Proxy.Revisions;

/// <summary>What is known of a destination's health.</summary>
/// <param name="Active">By probes.</param>
/// <param name="Passive">By what became of clients' connections and requests.</param>
/// <param name="Available">Whether it may get something new.</param>
public sealed record DestinationHealthStatus(DestinationHealth Active, DestinationHealth Passive, bool Available);

using Proxy.Connections;

namespace Proxy.Listeners;

/// <summary>A listener as configured.</summary>
/// <param name="Key">The normalised address; for port 0 the endpoint's id besides. Equal keys are one slot.</param>
/// <param name="EndPoint">What to bind.</param>
public sealed record ListenerSpec(string Key, ListenEndPoint EndPoint);

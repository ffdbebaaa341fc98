using Microsoft.AspNetCore.Connections;
using Proxy.Connections;

namespace Proxy.Listeners;

/// <summary>A listener as configured.</summary>
/// <param name="Key">The normalised address; for port 0 the endpoint's id besides. Equal keys are one listen socket.</param>
/// <param name="EndPoint">What to bind.</param>
/// <param name="Pipeline">What runs on each connection.</param>
internal sealed record ListenerSpec(string Key, ListenEndPoint EndPoint, ConnectionDelegate Pipeline);

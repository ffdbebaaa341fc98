using Proxy.Diagnostics;

namespace Proxy.Channels;

/// <summary>What is wrong with a channel of this instance.</summary>
/// <param name="Name">The channel's name.</param>
/// <param name="NotBound">The attempts that failed to bind its local addresses; null if all are bound.</param>
/// <param name="NotServed">The attempts that failed to connect its local server; null if it can be connected, or is not tried.</param>
public sealed record ChannelStatus(string Name, Failures? NotBound, Failures? NotServed);

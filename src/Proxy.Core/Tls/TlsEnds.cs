using Proxy.Diagnostics;

namespace Proxy.Tls;

/// <summary>What an end of the transport without close_notify means.</summary>
/// <param name="Truncated">The outcome of a connection that was cut off.</param>
/// <param name="RequireCloseNotify">Whether such an end is a cut; else it is an end like one with close_notify.</param>
internal sealed record TlsEnds(ConnectionOutcome Truncated, bool RequireCloseNotify);

using Microsoft.AspNetCore.Http;

namespace Proxy.Channels.Tunnel;

/// <summary>Handles the requests that peers make to the tunnel endpoint.</summary>
internal interface ITunnelService
{
    /// <summary>Answers a peer that requests a connector, and relays until the tunnel ends.</summary>
    Task ServeAsync(IServedTunnel tunnel);

    /// <summary>Records the status that a peer was answered with.</summary>
    void Answered(string from, int status);

    /// <summary>Streams this instance's record, at once and at every change, until the peer has gone or this instance leaves.</summary>
    Task HelloAsync(HttpContext context, CancellationToken leaving);
}

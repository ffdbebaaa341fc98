using Microsoft.AspNetCore.Http;

namespace Proxy.Channels.Tunnel;

/// <summary>What is behind the tunnel endpoint.</summary>
internal interface ITunnelService
{
    /// <summary>Answers a peer that asks for a connector, and relays until the end.</summary>
    Task ServeAsync(ServerTunnelConnection tunnel);

    /// <summary>Notes how a peer was answered.</summary>
    void Answered(string from, int status);

    /// <summary>Tells a peer what this instance is, and then every change, until the peer has gone or we leave.</summary>
    Task HelloAsync(HttpContext context, CancellationToken leaving);
}

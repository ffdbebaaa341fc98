using Microsoft.AspNetCore.Connections;

namespace Proxy.Channels.Tunnel;

/// <summary>A tunnel that a peer opened and that is not answered yet, whatever carries it.</summary>
internal interface IServedTunnel
{
    /// <summary>What the peer requests.</summary>
    TunnelRequest Request { get; }

    /// <summary>The id of the requesting instance, from its certificate.</summary>
    string From { get; }

    /// <summary>The bytes of the tunnel, which flow once it is accepted.</summary>
    ConnectionContext Bytes { get; }

    /// <summary>Whether the tunnel has ended by a reset or with its connection.</summary>
    bool IsGone { get; }

    /// <summary>Accepts the tunnel: answers 200, after which bytes flow.</summary>
    /// <exception cref="IOException">The peer has gone.</exception>
    Task AcceptAsync();

    /// <summary>Refuses the tunnel with a status and a reason, unless it was accepted.</summary>
    void Refuse(int status, string? reason = null);
}

using System.Diagnostics;
using System.Net;
using Proxy.Configuration.Reading;

namespace Proxy.Channels.Tunnel;

/// <summary>A connector at an instance, as a target to dial through a tunnel.</summary>
/// <param name="instance">The id that the instance has to prove; null for any instance of the group.</param>
/// <param name="address">The host and port of its tunnel.</param>
/// <param name="connector">The connector.</param>
internal sealed class TunnelEndPoint(string? instance, DestinationAddress address, string connector) : EndPoint
{
    public string? Instance => instance;

    public DestinationAddress Address => address;

    public string Connector => connector;

    /// <summary>The start of the instance that is meant; null for any.</summary>
    public string? Epoch { get; init; }

    /// <summary>The port, if the connector has several.</summary>
    public int? Port { get; init; }

    /// <summary>The address of the local client, for the log of the other side.</summary>
    public EndPoint? Client { get; init; }

    /// <summary>The id of the client's connection.</summary>
    public string? ConnectionId { get; init; }

    /// <summary>The trace context of this side's span, the parent of the other side's.</summary>
    public ActivityContext? Trace { get; init; }

    public override string ToString() => $"{instance ?? address.Host}/{connector}";
}

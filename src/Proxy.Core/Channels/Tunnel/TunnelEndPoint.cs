using System.Diagnostics;
using System.Net;
using Proxy.Configuration.Reading;

namespace Proxy.Channels.Tunnel;

/// <summary>A connector at an instance, to dial through a tunnel.</summary>
/// <param name="instance">The instance, which has to prove that it is the one; null for any instance of the group.</param>
/// <param name="address">Where its tunnel is.</param>
/// <param name="connector">The connector.</param>
internal sealed class TunnelEndPoint(string? instance, DestinationAddress address, string connector) : EndPoint
{
    public string? Instance => instance;

    public DestinationAddress Address => address;

    public string Connector => connector;

    /// <summary>The start of the instance that is meant; null for whichever runs.</summary>
    public string? Epoch { get; init; }

    /// <summary>The port, where the connector has several.</summary>
    public int? Port { get; init; }

    /// <summary>The local client, for the other side's log.</summary>
    public EndPoint? Client { get; init; }

    /// <summary>The id of its connection.</summary>
    public string? ConnectionId { get; init; }

    /// <summary>The span that the other side's is a child of.</summary>
    public ActivityContext? Trace { get; init; }

    public override string ToString() => $"{instance ?? address.Host}/{connector}";
}

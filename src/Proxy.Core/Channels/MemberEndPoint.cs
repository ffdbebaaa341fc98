using System.Net;
using Proxy.Configuration;
using Proxy.Diagnostics;

namespace Proxy.Channels;

/// <summary>What a client of a channel is to reach: a member by name, or any that serves the connector.</summary>
/// <param name="channel">The channel that calls; null where an edit has just taken it away.</param>
/// <param name="client">The client's record.</param>
internal sealed class MemberEndPoint(ChannelConfig? channel, ConnectionRecord client) : EndPoint
{
    /// <summary>The channel that calls.</summary>
    public ChannelConfig? Channel => channel;

    /// <summary>The client's record.</summary>
    public ConnectionRecord Client => client;

    /// <summary>The member; null for any.</summary>
    public string? Member { get; init; }

    /// <summary>The port at that member.</summary>
    public int? Port { get; init; }

    /// <inheritdoc />
    public override string ToString() => $"{Member ?? "*"}/{channel?.Connector}";
}

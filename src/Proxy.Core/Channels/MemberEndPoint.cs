using Proxy.Configuration.Channels;
using Proxy.Diagnostics;

namespace Proxy.Channels;

/// <summary>What the <see cref="MemberDialer"/> connects a client to: a member by name, or any that serves a connector. Disposing it gives back the place that was taken there.</summary>
/// <param name="channel">The channel that calls; null where an edit has just taken it away.</param>
/// <param name="client">The client; its destination becomes the member that is dialed.</param>
internal sealed class MemberEndPoint(ChannelConfig? channel, ConnectionRecord client) : HoldingEndPoint
{
    /// <summary>The channel that calls.</summary>
    public ChannelConfig? Channel => channel;

    /// <summary>The client.</summary>
    public ConnectionRecord Client => client;

    /// <summary>The member; null for any.</summary>
    public string? Member { get; init; }

    /// <summary>The port at that member.</summary>
    public int? Port { get; init; }

    /// <inheritdoc />
    public override string ToString() => $"{Member ?? "any member"} of {channel?.Connector}";
}

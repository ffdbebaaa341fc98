using Proxy.Configuration.Channels;
using Proxy.Diagnostics;

namespace Proxy.Channels;

/// <summary>
/// The target that <see cref="MemberDialer"/> connects a client to: a member by name, or any that serves a connector. Disposing it gives
/// back the place taken at the member.
/// </summary>
/// <param name="channel">The channel that calls; null if an edit has just removed it.</param>
/// <param name="client">The record of the client; the dialed member is set as its destination.</param>
internal sealed class MemberEndPoint(ChannelConfig? channel, ConnectionRecord client) : HoldingEndPoint
{
    /// <summary>The channel that calls; null if an edit has just removed it.</summary>
    public ChannelConfig? Channel => channel;

    /// <summary>The record of the client.</summary>
    public ConnectionRecord Client => client;

    /// <summary>The id of the member; null for any.</summary>
    public string? Member { get; init; }

    /// <summary>The port at that member.</summary>
    public int? Port { get; init; }

    /// <inheritdoc />
    public override string ToString() => $"{Member ?? "any member"} of {channel?.Connector}";
}

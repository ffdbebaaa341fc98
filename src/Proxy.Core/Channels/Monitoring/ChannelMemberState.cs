using Proxy.Channels.Membership;

namespace Proxy.Channels.Monitoring;

/// <summary>A member of a channel, on one port.</summary>
/// <param name="Iid">The instance id.</param>
/// <param name="Ip">The local address that stands for it.</param>
/// <param name="Port">The port.</param>
/// <param name="State">How it is.</param>
/// <param name="Epoch">Another one after each of its starts.</param>
public sealed record ChannelMemberState(string Iid, string Ip, int Port, MemberState State, string Epoch);

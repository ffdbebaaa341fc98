using Proxy.Channels.Membership;

namespace Proxy.Channels.Monitoring;

/// <summary>A member of a channel, on one port.</summary>
/// <param name="Iid">The instance id.</param>
/// <param name="Ip">The local address that stands for it.</param>
/// <param name="Port">The port.</param>
/// <param name="State">Whether it is up, draining or suspect.</param>
/// <param name="Epoch">A value that is new at every start of the instance.</param>
public sealed record ChannelMemberState(string Iid, string Ip, int Port, MemberState State, string Epoch);

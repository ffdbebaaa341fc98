using System.Text.Json.Serialization;

namespace Proxy.Channels.Membership;

/// <summary>The state of a member. It is written in lower case everywhere but in the labels of metrics: up, draining, suspect.</summary>
public enum MemberState
{
    /// <summary>It takes new tunnels.</summary>
    [JsonStringEnumMemberName("up")]
    Up,

    /// <summary>It is about to leave: open tunnels go on, new ones go to other members.</summary>
    [JsonStringEnumMemberName("draining")]
    Draining,

    /// <summary>It does not answer, but does not count as gone yet.</summary>
    [JsonStringEnumMemberName("suspect")]
    Suspect,
}

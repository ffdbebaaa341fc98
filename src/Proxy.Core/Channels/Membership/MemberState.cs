namespace Proxy.Channels.Membership;

/// <summary>The state of a member.</summary>
public enum MemberState
{
    /// <summary>It takes new tunnels.</summary>
    Up,

    /// <summary>It is about to leave: open tunnels go on, new ones go to other members.</summary>
    Draining,

    /// <summary>It does not answer, but does not count as gone yet.</summary>
    Suspect,
}

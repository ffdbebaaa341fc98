namespace Proxy.Channels.Membership;

/// <summary>How a member is.</summary>
public enum MemberState
{
    /// <summary>It takes part.</summary>
    Up,

    /// <summary>It leaves: open tunnels go on, new ones go elsewhere.</summary>
    Draining,

    /// <summary>It does not answer; whether it is gone is not known yet.</summary>
    Suspect,
}

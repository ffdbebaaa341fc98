namespace Proxy.Channels.Membership;

/// <summary>Why a member is gone.</summary>
public enum DepartureReason
{
    /// <summary>It announced that it leaves, or its entry was removed from the registry.</summary>
    Left,

    /// <summary>It has been silent for longer than its lease.</summary>
    Expired,
}

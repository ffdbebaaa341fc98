namespace Proxy.Channels.Membership;

/// <summary>Why a member is gone.</summary>
public enum DepartureReason
{
    /// <summary>It said so, or its entry was removed.</summary>
    Left,

    /// <summary>Nothing was heard of it for too long.</summary>
    Expired,
}

namespace Proxy.Channels.Monitoring;

/// <summary>The kind of a notification.</summary>
public enum ChannelEvent
{
    /// <summary>All own listeners are bound and the first set of members is known: local servers can be started.</summary>
    Ready,

    /// <summary>A channel has changed.</summary>
    Change,

    /// <summary>The channels have ended, after draining: local servers can be stopped.</summary>
    Close,
}

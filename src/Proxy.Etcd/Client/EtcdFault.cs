namespace Proxy.Etcd.Client;

/// <summary>How a call failed.</summary>
internal enum EtcdFault
{
    /// <summary>The member cannot be connected; nothing was sent.</summary>
    NotConnected,

    /// <summary>The connection was closed here, to be replaced; nothing was sent.</summary>
    Closed,

    /// <summary>There was no answer in time; it may have happened.</summary>
    Silent,

    /// <summary>The connection was lost, or the cluster could not say what became of it; it may have happened.</summary>
    Lost,

    /// <summary>The member has no leader or is overloaded; it has not happened.</summary>
    Busy,

    /// <summary>The token is not valid, or there is none; it has not happened, and another token may do.</summary>
    Unauthenticated,

    /// <summary>The lease is not known; it has not happened.</summary>
    LeaseUnknown,

    /// <summary>The revision is compacted; it has not happened.</summary>
    Compacted,

    /// <summary>The message is larger than is taken here.</summary>
    TooLarge,

    /// <summary>It is refused, and would be again.</summary>
    Refused,
}

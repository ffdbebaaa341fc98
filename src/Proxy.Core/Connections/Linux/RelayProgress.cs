namespace Proxy.Connections.Linux;

/// <summary>How far a direction came.</summary>
internal enum RelayProgress
{
    /// <summary>Bytes went, and more may be there.</summary>
    Moved,

    /// <summary>Nothing to do before the next edge.</summary>
    Waits,

    /// <summary>All bytes went, and the sender has ended its half.</summary>
    Ended,

    /// <summary>The sender's connection is broken.</summary>
    ReadFailed,

    /// <summary>The receiver's connection is broken.</summary>
    WriteFailed,
}

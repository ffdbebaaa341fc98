namespace Proxy.Connections.Linux;

/// <summary>The result of one step of a relay direction.</summary>
internal enum RelayProgress
{
    /// <summary>Bytes were moved, and there may be more.</summary>
    Moved,

    /// <summary>Nothing can be done before the next event.</summary>
    Waits,

    /// <summary>Nothing is read before there are tokens for more bytes.</summary>
    Pauses,

    /// <summary>All bytes were moved, and the sender has ended its direction.</summary>
    Ended,

    /// <summary>The sender's connection is broken.</summary>
    ReadFailed,

    /// <summary>The receiver's connection is broken.</summary>
    WriteFailed,
}

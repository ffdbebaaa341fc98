namespace Proxy.Multiplexing.Framing;

/// <summary>What the proxy itself may have to say to a client.</summary>
public enum LocalReply
{
    /// <summary>Send the rest of the request.</summary>
    Continue,

    /// <summary>The destination cannot be reached.</summary>
    NoPath,

    /// <summary>The destination did not answer in time, or its connection was lost before it did.</summary>
    NoAnswer,

    /// <summary>What the destination answered is no reply of this protocol.</summary>
    BadAnswer,

    /// <summary>Too many requests wait, or this one waited too long.</summary>
    QueueFull,

    /// <summary>The request is one that the configuration forbids.</summary>
    NotAllowed,

    /// <summary>
    /// The request was done, and the destination does not answer it in its own protocol, or it is ignored and to look as if it had been done.
    /// </summary>
    Done,

    /// <summary>What the client sent is no request of this protocol. Its connection ends after this.</summary>
    Malformed,
}

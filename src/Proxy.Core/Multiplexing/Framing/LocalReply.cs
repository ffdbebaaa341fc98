namespace Proxy.Multiplexing.Framing;

/// <summary>The kinds of replies that the proxy itself writes to a client.</summary>
public enum LocalReply
{
    /// <summary>The client is to send the rest of its request.</summary>
    Continue,

    /// <summary>The destination cannot be reached.</summary>
    NoPath,

    /// <summary>The destination did not answer in time, or its connection was lost before it did.</summary>
    NoAnswer,

    /// <summary>The destination's answer is not a reply of this protocol.</summary>
    BadAnswer,

    /// <summary>Too many requests wait, or this one waited too long.</summary>
    QueueFull,

    /// <summary>The configuration forbids the request.</summary>
    NotAllowed,

    /// <summary>
    /// The request was executed and the destination does not answer such requests, or it is ignored and is to look as if it had been
    /// executed.
    /// </summary>
    Done,

    /// <summary>The client's bytes are not a request of this protocol. Its connection is closed after the reply.</summary>
    Malformed,
}

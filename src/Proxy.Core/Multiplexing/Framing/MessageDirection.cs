namespace Proxy.Multiplexing.Framing;

/// <summary>The direction of a message.</summary>
public enum MessageDirection
{
    /// <summary>From a client to the destination.</summary>
    Request,

    /// <summary>From the destination to a client, in answer to a request.</summary>
    Reply,
}

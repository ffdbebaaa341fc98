namespace Proxy.Multiplexing.Framing;

/// <summary>Which way a message goes.</summary>
public enum MessageDirection
{
    /// <summary>From a client to the destination.</summary>
    Request,

    /// <summary>From the destination, in answer to a request.</summary>
    Reply,
}

namespace Proxy.Multiplexing.Framing;

/// <summary>The decision of a route's rules about a request.</summary>
public enum RequestVerdict
{
    /// <summary>The request is sent.</summary>
    Allow,

    /// <summary>The request is not sent, and the client gets <see cref="LocalReply.NotAllowed"/>.</summary>
    Deny,

    /// <summary>The request is not sent, and the client gets <see cref="LocalReply.Done"/>, as if it had been executed.</summary>
    Ignore,
}

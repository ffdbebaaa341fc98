namespace Proxy.Multiplexing.Framing;

/// <summary>What becomes of a client's request.</summary>
public enum RequestVerdict
{
    /// <summary>It is sent on.</summary>
    Allow,

    /// <summary>It is not sent on, and the client is told so: <see cref="LocalReply.NotAllowed"/>.</summary>
    Deny,

    /// <summary>It is not sent on, and answered as if it had been done: <see cref="LocalReply.Done"/>.</summary>
    Ignore,
}

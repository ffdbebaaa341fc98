namespace Proxy.Multiplexing.Framing;

/// <summary>The meaning of a reply by the protocol's rules.</summary>
public enum ReplyMeaning
{
    /// <summary>The requested answer.</summary>
    Answer,

    /// <summary>An error, by which the destination refuses the request.</summary>
    Error,

    /// <summary>The destination reports that a device behind it did not answer.</summary>
    NoAnswer,

    /// <summary>A reply to another request, or none that makes sense.</summary>
    Mismatch,
}

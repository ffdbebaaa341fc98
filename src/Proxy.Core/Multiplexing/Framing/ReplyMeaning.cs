namespace Proxy.Multiplexing.Framing;

/// <summary>The meaning of a reply by the protocol's rules.</summary>
public enum ReplyMeaning
{
    /// <summary>The requested answer.</summary>
    Answer,

    /// <summary>Something else: an error, or a reply to another request.</summary>
    Error,

    /// <summary>The destination reports that a device behind it did not answer.</summary>
    NoAnswer,
}

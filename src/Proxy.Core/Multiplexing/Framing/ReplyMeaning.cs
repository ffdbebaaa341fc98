namespace Proxy.Multiplexing.Framing;

/// <summary>What a reply means by a protocol's rules.</summary>
public enum ReplyMeaning
{
    /// <summary>It is what was asked for.</summary>
    Answer,

    /// <summary>It is something else: an error, or a reply to another request.</summary>
    Error,

    /// <summary>The destination says that what is behind it did not answer.</summary>
    NoAnswer,
}

namespace Proxy.Multiplexing.Framing;

/// <summary>What a framer found at the start of a buffer.</summary>
public enum FrameStatus
{
    /// <summary>The start of a message. After the end of the stream: a message cut off.</summary>
    NeedMore,

    /// <summary>A whole message.</summary>
    Complete,

    /// <summary>No message, and none whatever may follow.</summary>
    Malformed,
}

namespace Proxy.Multiplexing.Framing;

/// <summary>The kind of a <see cref="FrameMeasure"/>.</summary>
public enum FrameStatus
{
    /// <summary>A part of a message. After the end of the stream, a message that was cut off.</summary>
    NeedMore,

    /// <summary>A whole message.</summary>
    Complete,

    /// <summary>Bytes that belong to no message, before one. They are dropped, and what follows is measured.</summary>
    Skip,

    /// <summary>No message, whatever bytes may follow.</summary>
    Malformed,

    /// <summary>The first part of a message, or of what is left of it, that can be passed on without the others.</summary>
    Part,
}

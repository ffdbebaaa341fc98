namespace Proxy.Multiplexing.Framing;

/// <summary>What is known about the bytes after those in the buffer.</summary>
public enum InputState
{
    /// <summary>More may come at any time.</summary>
    Open,

    /// <summary>None came for as long as <see cref="FrameMeasure.Silence"/> asked for; more may still come.</summary>
    Silent,

    /// <summary>None will come: the sender has finished (FIN). A reset is no end, it is a cut, and nothing is measured after it.</summary>
    Ended,
}

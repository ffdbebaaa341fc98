namespace Proxy.Multiplexing.Framing;

/// <summary>The state of the input behind the bytes in the buffer.</summary>
public enum InputState
{
    /// <summary>More bytes may come at any time.</summary>
    Open,

    /// <summary>No byte has come for the time in <see cref="FrameMeasure.Silence"/>; more may still come.</summary>
    Silent,

    /// <summary>The sender has finished (FIN), so no more bytes will come. After a reset nothing is measured.</summary>
    Ended,
}

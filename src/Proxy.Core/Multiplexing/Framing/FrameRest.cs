namespace Proxy.Multiplexing.Framing;

/// <summary>What is left of a message that is passed on in parts. The default is a message of which no part was passed on yet.</summary>
/// <param name="State">Where in the message the next byte is, in the framer's own numbers; not 0.</param>
/// <param name="Count">A number of bytes that the framer keeps with it.</param>
public readonly record struct FrameRest(int State, long Count)
{
    /// <summary>The least number of bytes that are still to come, as far as the framer knows it.</summary>
    public int Least { get; init; }

    /// <summary>Whether the next byte is the first of a message.</summary>
    public bool IsStart => State == 0;
}

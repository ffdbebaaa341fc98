namespace Proxy.Multiplexing.Framing;

/// <summary>Recognizes messages by their bytes. All conditions have to hold; empty bytes are no condition.</summary>
internal sealed record MessagePattern
{
    /// <summary>The position of <see cref="EqualTo"/>.</summary>
    public int Offset { get; init; }

    public byte[] EqualTo { get; init; } = [];

    public byte[] StartsWith { get; init; } = [];

    public byte[] Contains { get; init; } = [];

    public byte[] NotContains { get; init; } = [];

    public bool Matches(ReadOnlySpan<byte> message) =>
        message.Length >= Offset
        && message[Offset..].StartsWith(EqualTo)
        && message.StartsWith(StartsWith)
        && message.IndexOf(Contains) >= 0
        && (NotContains.Length == 0 || message.IndexOf(NotContains) < 0);
}

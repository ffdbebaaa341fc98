namespace Proxy.Multiplexing.Framing;

/// <summary>Recognizes messages by the bytes at one position.</summary>
internal sealed record MessagePattern(int Offset, byte[] Bytes)
{
    public bool Matches(ReadOnlySpan<byte> message) => message.Length >= Offset && message[Offset..].StartsWith(Bytes);
}

namespace Proxy.Multiplexing.Framing;

/// <summary>Recognizes requests that get no reply by the bytes at one position.</summary>
internal sealed record NoReplyRule(int Offset, byte[] Bytes)
{
    public bool Matches(ReadOnlySpan<byte> request) => request.Length >= Offset && request[Offset..].StartsWith(Bytes);
}

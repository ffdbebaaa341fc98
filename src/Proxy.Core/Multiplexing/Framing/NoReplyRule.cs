namespace Proxy.Multiplexing.Framing;

/// <summary>Tells requests that get no reply by bytes at one place.</summary>
internal sealed record NoReplyRule(int Offset, byte[] Bytes)
{
    public bool Matches(ReadOnlySpan<byte> request) => request.Length >= Offset && request[Offset..].StartsWith(Bytes);
}

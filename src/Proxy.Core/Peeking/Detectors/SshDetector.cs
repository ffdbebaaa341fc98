namespace Proxy.Peeking.Detectors;

/// <summary>SSH: the identification string, which a client may send before the server's (RFC 4253, 4.2).</summary>
internal sealed class SshDetector : IProtocolDetector
{
    public string Name => "Ssh";

    public DetectorVerdict Detect(ReadOnlySpan<byte> bytes) => FirstBytes.Match(bytes, "SSH-"u8);
}

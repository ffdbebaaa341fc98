namespace Proxy.Peeking.Detectors;

/// <summary>SOCKS 5: the methods that a client offers (RFC 1928, 3).</summary>
internal sealed class Socks5Detector : IProtocolDetector
{
    private const int Header = 2;
    private const byte NoMethod = 0xFF;

    public string Name => "Socks5";

    public DetectorVerdict Detect(ReadOnlySpan<byte> bytes)
    {
        if (bytes is [not 5, ..] or [_, 0, ..])
        {
            return DetectorVerdict.No;
        }

        return bytes.Length < Header || bytes.Length < Header + bytes[1]
            ? DetectorVerdict.MoreBytes
            : (!bytes.Slice(Header, bytes[1]).Contains(NoMethod)).ToVerdict();
    }
}

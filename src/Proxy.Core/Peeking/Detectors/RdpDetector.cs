namespace Proxy.Peeking.Detectors;

/// <summary>RDP: an X.224 connection request in a TPKT packet (MS-RDPBCGR 2.2.1.1).</summary>
internal sealed class RdpDetector : IProtocolDetector
{
    private const int TpktHeader = 4;
    private const int Fixed = 11; // both headers, without cookie and negotiation
    private const byte ConnectionRequest = 0xE0;

    public string Name => "Rdp";

    public DetectorVerdict Detect(ReadOnlySpan<byte> bytes)
    {
        if (bytes is [not 3, ..] or [_, not 0, ..])
        {
            return DetectorVerdict.No;
        }

        if (bytes.Length < Fixed)
        {
            return DetectorVerdict.MoreBytes;
        }

        var length = (bytes[2] << 8) | bytes[3];
        return (
            length >= Fixed
            && bytes[TpktHeader] == length - TpktHeader - 1 // what follows the length itself
            && bytes[5] == ConnectionRequest
            && bytes[6] == 0
            && bytes[7] == 0
            && bytes[10] == 0
        ).ToVerdict();
    }
}

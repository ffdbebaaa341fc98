using Proxy.Peeking.Hello;

namespace Proxy.Peeking.Detectors;

/// <summary>TLS: a record with a ClientHello (RFC 8446, 5.1).</summary>
internal sealed class TlsDetector : IProtocolDetector
{
    private const int FirstOfMessage = 5;
    private const byte ClientHelloMessage = 1;

    public string Name => "Tls";

    public DetectorVerdict Detect(ReadOnlySpan<byte> bytes) =>
        !ClientHelloReader.MayBeRecord(bytes) ? DetectorVerdict.No
        : bytes.Length <= FirstOfMessage ? DetectorVerdict.MoreBytes
        : (bytes[FirstOfMessage] == ClientHelloMessage).ToVerdict();
}

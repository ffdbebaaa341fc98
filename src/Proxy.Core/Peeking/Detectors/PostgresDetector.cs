using Proxy.Peeking.Hello;

namespace Proxy.Peeking.Detectors;

/// <summary>PostgreSQL: a first message of its own, or TLS from the first byte with the application protocol <c>postgresql</c>.</summary>
internal sealed class PostgresDetector : IProtocolDetector
{
    /// <summary>The application protocol of a client that begins with TLS.</summary>
    public const string Alpn = "postgresql";

    public string Name => "Postgres";

    public DetectorVerdict Detect(ReadOnlySpan<byte> bytes)
    {
        if (PostgresRequests.Read(bytes) is var request and not PostgresRequest.None)
        {
            return request == PostgresRequest.MoreBytes ? DetectorVerdict.MoreBytes : DetectorVerdict.Yes;
        }

        var reader = new ClientHelloReader();
        return reader.Read(bytes) switch
        {
            ClientHelloStatus.MoreBytes => DetectorVerdict.MoreBytes,
            ClientHelloStatus.Complete => reader.Hello!.AlpnProtocols.Contains(Alpn).ToVerdict(),
            _ => DetectorVerdict.No,
        };
    }
}

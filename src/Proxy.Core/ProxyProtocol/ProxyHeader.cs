using System.Buffers.Binary;
using System.Net;
using System.Text;

namespace Proxy.ProxyProtocol;

/// <summary>A header. Of several values of one type the first counts.</summary>
/// <param name="version">The version.</param>
/// <param name="isLocal">Whether the sender connected for itself.</param>
/// <param name="source">The address of the client; null if it is not told.</param>
/// <param name="destination">The address that it connected to; null if it is not told.</param>
/// <param name="tlvs">The values, which are well-formed.</param>
internal sealed class ProxyHeader(int version, bool isLocal, IPEndPoint? source, IPEndPoint? destination, IReadOnlyList<ProxyTlv> tlvs)
    : IProxyProtocolFeature
{
    private const byte FirstOfVendor = 1; // the first byte of a vendor's value tells which of its values it is
    private static readonly UTF8Encoding _strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public int Version => version;

    public bool IsLocal => isLocal;

    public EndPoint? Peer { get; set; }

    public IPEndPoint? Source => source;

    public IPEndPoint? Destination => destination;

    public string? Authority => Find(TlvType.Authority) is { } value ? Utf8(value) : null;

    public string? Alpn => Find(TlvType.Alpn) is { } value ? Encoding.Latin1.GetString(value.Span) : null;

    public ReadOnlyMemory<byte> UniqueId => Find(TlvType.UniqueId) ?? default;

    public ProxyTls? Tls => Find(TlvType.Tls) is { } value ? TlsBlock.Read(value) : null;

    public string? AwsVpcEndpointId => Find(TlvType.Aws) is { Span: [FirstOfVendor, _, ..] } value ? Utf8(value[1..]) : null;

    public uint? AzureLinkId =>
        Find(TlvType.Azure) is { Span: [FirstOfVendor, _, _, _, _] } value
            ? BinaryPrimitives.ReadUInt32LittleEndian(value.Span[1..])
            : null;

    public IReadOnlyList<ProxyTlv> Tlvs => tlvs;

    private ReadOnlyMemory<byte>? Find(byte type)
    {
        foreach (var tlv in tlvs)
        {
            if (tlv.Type == type)
            {
                return tlv.Value;
            }
        }

        return null;
    }

    private static string? Utf8(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            return _strict.GetString(bytes.Span);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }
}

namespace Proxy.ProxyProtocol;

/// <summary>The types of values that are understood.</summary>
internal static class TlvType
{
    public const byte Alpn = 0x01;
    public const byte Authority = 0x02;
    public const byte Checksum = 0x03;
    public const byte UniqueId = 0x05;
    public const byte Tls = 0x20;
    public const byte TlsVersion = 0x21;
    public const byte TlsCommonName = 0x22;
    public const byte TlsCipher = 0x23;
    public const byte Aws = 0xEA;
    public const byte Azure = 0xEE;
}

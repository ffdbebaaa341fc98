namespace Proxy.Configuration.Multiplexing;

/// <summary>How a checksum is written.</summary>
public enum ChecksumEncoding
{
    /// <summary>As bytes.</summary>
    Binary,

    /// <summary>Two hexadecimal digits of either case for each byte.</summary>
    Hex,
}

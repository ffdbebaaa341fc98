namespace Proxy.Configuration.Multiplexing;

/// <summary>How long checksums are.</summary>
internal static class ChecksumSize
{
    /// <summary>The length of a value in bytes.</summary>
    public static int OfValue(ChecksumAlgorithm algorithm) =>
        algorithm switch
        {
            ChecksumAlgorithm.Crc32 => 4,
            ChecksumAlgorithm.Crc16Modbus or ChecksumAlgorithm.Crc16Ccitt or ChecksumAlgorithm.Crc16Xmodem => 2,
            _ => 1,
        };

    /// <summary>The number of bytes that it takes in a message.</summary>
    public static int Written(ChecksumConfig config) => OfValue(config.Algorithm) * (config.Encoding == ChecksumEncoding.Hex ? 2 : 1);
}

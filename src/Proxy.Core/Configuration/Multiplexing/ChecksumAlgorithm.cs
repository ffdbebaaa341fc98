namespace Proxy.Configuration.Multiplexing;

/// <summary>How a checksum is computed.</summary>
public enum ChecksumAlgorithm
{
    /// <summary>CRC-16/MODBUS: polynomial 0x8005, start 0xFFFF, reflected; two bytes, the low one first unless Endian says otherwise.</summary>
    Crc16Modbus,

    /// <summary>CRC-16/CCITT-FALSE: polynomial 0x1021, start 0xFFFF; two bytes.</summary>
    Crc16Ccitt,

    /// <summary>CRC-16/XMODEM: polynomial 0x1021, start 0; two bytes.</summary>
    Crc16Xmodem,

    /// <summary>CRC-32/ISO-HDLC, that of Ethernet and zip: polynomial 0x04C11DB7, reflected; four bytes.</summary>
    Crc32,

    /// <summary>The two's complement of the sum of all bytes, as in Modbus ASCII; one byte.</summary>
    Lrc,

    /// <summary>The sum of all bytes; one byte.</summary>
    Sum8,

    /// <summary>All bytes combined by exclusive or; one byte.</summary>
    Xor8,
}

using System.ComponentModel.DataAnnotations;

namespace Proxy.Configuration.Multiplexing;

/// <summary>The checksum at the end of each message, in both directions.</summary>
public sealed record ChecksumConfig
{
    /// <summary>How it is computed.</summary>
    public required ChecksumAlgorithm Algorithm { get; init; }

    /// <summary>The number of bytes at the start of a message that it does not cover.</summary>
    [Range(0, 65_535)]
    public int Start { get; init; }

    /// <summary>
    /// The number of bytes at the end of a message that it does not cover, its own among them; absent: those from the checksum on.
    /// </summary>
    [Range(1, 65_535)]
    public int? End { get; init; }

    /// <summary>The number of bytes behind it; absent: those of the Delimiter, otherwise none.</summary>
    [Range(0, 65_535)]
    public int? Trailer { get; init; }

    /// <summary>How it is written.</summary>
    public ChecksumEncoding Encoding { get; init; }

    /// <summary>Its byte order; absent: Little for Crc16Modbus, otherwise Big.</summary>
    public Endian? Endian { get; init; }
}

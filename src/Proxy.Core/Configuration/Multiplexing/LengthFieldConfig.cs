using System.ComponentModel.DataAnnotations;

namespace Proxy.Configuration.Multiplexing;

/// <summary>A field that contains the number of bytes that follow it.</summary>
public sealed record LengthFieldConfig
{
    /// <summary>The number of bytes before the field.</summary>
    [Range(0, 65_535)]
    public int Offset { get; init; }

    /// <summary>The length of the field in bytes: 1 to 8 (Binary, Bcd), 1 to 16 (Hex), 1 to 18 (Ascii).</summary>
    [Range(1, 18)]
    public int Size { get; init; } = 2;

    /// <summary>The byte order; Little for Binary and Bcd only.</summary>
    public Endian Endian { get; init; }

    /// <summary>The encoding of the number.</summary>
    public LengthEncoding Encoding { get; init; }

    /// <summary>Added to the number; negative if the number includes bytes before or of the field.</summary>
    [Range(-65_536, 65_536)]
    public int Adjust { get; init; }

    /// <summary>The longest message in bytes.</summary>
    [Range(1, 67_108_864)]
    public int MaxBytes { get; init; } = 65_536;
}

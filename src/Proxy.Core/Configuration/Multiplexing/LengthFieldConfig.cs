using System.ComponentModel.DataAnnotations;

namespace Proxy.Configuration.Multiplexing;

/// <summary>A field that says how many bytes of a message follow it.</summary>
public sealed record LengthFieldConfig
{
    /// <summary>Bytes before the field.</summary>
    [Range(0, 65_535)]
    public int Offset { get; init; }

    /// <summary>Bytes of the field: 1 to 8 (Binary, Bcd), 1 to 16 (Hex), 1 to 18 (Ascii).</summary>
    [Range(1, 18)]
    public int Size { get; init; } = 2;

    /// <summary>Which byte comes first; Little for Binary and Bcd only.</summary>
    public Endian Endian { get; init; }

    /// <summary>How the number is written.</summary>
    public LengthEncoding Encoding { get; init; }

    /// <summary>Added to the number; negative where it counts bytes before or of the field, too.</summary>
    [Range(-65_536, 65_536)]
    public int Adjust { get; init; }

    /// <summary>The longest message.</summary>
    [Range(1, 67_108_864)]
    public int MaxBytes { get; init; } = 65_536;
}

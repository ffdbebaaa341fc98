namespace Proxy.Configuration.Multiplexing;

/// <summary>How a length is written.</summary>
public enum LengthEncoding
{
    /// <summary>An unsigned binary number.</summary>
    Binary,

    /// <summary>Decimal digits.</summary>
    Ascii,

    /// <summary>Hexadecimal digits, in any case.</summary>
    Hex,

    /// <summary>Two decimal digits in each byte.</summary>
    Bcd,
}

namespace Proxy.Configuration.Multiplexing;

/// <summary>The encoding of a length.</summary>
public enum LengthEncoding
{
    /// <summary>An unsigned binary number.</summary>
    Binary,

    /// <summary>Decimal digits.</summary>
    Ascii,

    /// <summary>Hexadecimal digits of either case.</summary>
    Hex,

    /// <summary>Two decimal digits in each byte.</summary>
    Bcd,
}

namespace Proxy.Configuration.Multiplexing;

/// <summary>The byte order of a number.</summary>
public enum Endian
{
    /// <summary>The most significant byte first.</summary>
    Big,

    /// <summary>The least significant byte first.</summary>
    Little,
}

namespace Proxy.Configuration.Multiplexing;

/// <summary>Which byte of a number comes first.</summary>
public enum Endian
{
    /// <summary>The most significant.</summary>
    Big,

    /// <summary>The least significant.</summary>
    Little,
}

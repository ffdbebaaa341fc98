namespace Proxy.Configuration.Multiplexing;

/// <summary>Where the length of a reply of Modbus TCP is taken from.</summary>
public enum MessageLength
{
    /// <summary>From the header.</summary>
    Header,

    /// <summary>From function and counts, since the destination's header is wrong; the client gets a correct one.</summary>
    ByPdu,
}

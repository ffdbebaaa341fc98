namespace Proxy.Channels.Tunnel;

/// <summary>The fields of a <see cref="TunnelFrame"/>: what the headers of an HTTP/2 stream say. The numbers are those of the protocol.</summary>
internal enum TunnelField : byte
{
    /// <summary>The connector.</summary>
    Connector = 1,

    /// <summary>The id of the instance that is meant.</summary>
    Instance = 2,

    /// <summary>The start of that instance.</summary>
    Epoch = 3,

    /// <summary>The port, if the connector has several.</summary>
    Port = 4,

    /// <summary>The id of the caller.</summary>
    From = 5,

    /// <summary>The id of the connection at the caller.</summary>
    Connection = 6,

    /// <summary>The trace context of the caller.</summary>
    Trace = 7,

    /// <summary>The address of the caller's client.</summary>
    Forwarded = 8,

    /// <summary>Of an answer: the status, as in HTTP.</summary>
    Status = 16,

    /// <summary>Of an answer: the reason.</summary>
    Reason = 17,
}

namespace Proxy.Multiplexing.Resp;

/// <summary>What a command is to a connection that clients share.</summary>
internal enum RespCommand
{
    /// <summary>It may have effects on the data, and gets one reply.</summary>
    Other,

    /// <summary>It only reads, so that it may be sent twice.</summary>
    Read,

    /// <summary>It depends on the state of a connection or changes it, blocks the connection, or does not get exactly one reply.</summary>
    Refused,

    /// <summary>It asks for RESP3, a login or a name, and clients go on in RESP2 when it is refused.</summary>
    Hello,

    /// <summary>It ends the client's connection.</summary>
    Quit,

    /// <summary>It is empty, and gets no reply.</summary>
    None,

    /// <summary>It is an inline command that makes a server close the connection.</summary>
    Invalid,

    /// <summary>It is the start of an HTTP request, at which servers close the connection.</summary>
    Foreign,
}

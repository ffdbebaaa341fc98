namespace Proxy.Multiplexing.Framing;

/// <summary>What a framer knows about a message besides its length.</summary>
[Flags]
public enum MessageTraits
{
    /// <summary>A request that gets one reply and may have effects; a reply after which the connection goes on.</summary>
    None = 0,

    /// <summary>A request that gets no reply, such as a Modbus broadcast.</summary>
    NoReply = 1,

    /// <summary>A request that only reads, by the protocol's rules: it may be sent a second time.</summary>
    Safe = 2,

    /// <summary>The last message: after the reply both connections it passed over end.</summary>
    EndsConnection = 4,

    /// <summary>An unfinished request whose client sends the rest once it was told to (<see cref="LocalReply.Continue"/>).</summary>
    AwaitsContinue = 8,
}

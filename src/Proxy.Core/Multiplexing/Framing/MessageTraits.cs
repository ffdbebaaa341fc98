namespace Proxy.Multiplexing.Framing;

/// <summary>Properties of a message besides its length.</summary>
[Flags]
public enum MessageTraits
{
    /// <summary>A request that gets one reply and may have effects; or a reply after which the connection goes on.</summary>
    None = 0,

    /// <summary>A request that gets no reply, such as a Modbus broadcast.</summary>
    NoReply = 1,

    /// <summary>A request that only reads, by the rules of the protocol, and may therefore be sent twice.</summary>
    Safe = 2,

    /// <summary>The last message: both connections that it passes over end after the reply.</summary>
    EndsConnection = 4,

    /// <summary>An unfinished request whose client waits for <see cref="LocalReply.Continue"/> before it sends the rest.</summary>
    AwaitsContinue = 8,

    /// <summary>A request whose reply repeats it, so that its echo on a serial line looks like the reply.</summary>
    RepliesRepeat = 16,
}

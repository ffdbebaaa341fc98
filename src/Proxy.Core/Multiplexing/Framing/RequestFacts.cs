namespace Proxy.Multiplexing.Framing;

/// <summary>What a protocol says of one request besides its length and traits.</summary>
public readonly record struct RequestFacts
{
    /// <summary>
    /// The unit that it is for: what behind the destination may be silent while the rest answers. Its requests are suspended by themselves, and what is
    /// kept of it is forgotten with each of its requests that is not <see cref="MessageTraits.Safe"/>. Null if the protocol has no units.
    /// </summary>
    public ushort? Unit { get; init; }

    /// <summary>
    /// The same number for all requests that get the same reply, and another one for every other request; 0 if the reply may not be shared. A request that fits
    /// 128 bits is its own key. Only a request that is <see cref="MessageTraits.Safe"/> and gets a reply is shared.
    /// </summary>
    public UInt128 ShareKey { get; init; }

    /// <summary>Whether it is for all units, such as a broadcast: if it is not safe, all that is kept is forgotten.</summary>
    public bool ConcernsAllUnits { get; init; }
}

namespace Proxy.Multiplexing.Framing;

/// <summary>Properties of a request beyond its length and traits.</summary>
public readonly record struct RequestFacts
{
    /// <summary>
    /// The unit behind the destination that the request is for; null if the protocol has no units. One unit may be silent while others
    /// answer, so one may be suspended alone. A request that is not <see cref="MessageTraits.Safe"/> removes the unit's replies from
    /// the cache.
    /// </summary>
    public ushort? Unit { get; init; }

    /// <summary>
    /// A number that is equal for requests which ask the same thing of the same unit, such as one register, and different for all others. When
    /// one is not answered, only its like is suspended. 0 if that is not known: then its unit is suspended.
    /// </summary>
    public ulong Target { get; init; }

    /// <summary>
    /// A number that is equal for requests that get the same reply and different for all others; 0 if the reply must not be shared. A
    /// request that fits 128 bits is its own key. Only requests that are <see cref="MessageTraits.Safe"/> and get a reply are shared.
    /// </summary>
    public UInt128 ShareKey { get; init; }

    /// <summary>Whether the request is for all units, such as a broadcast. One that is not safe empties the whole cache.</summary>
    public bool ConcernsAllUnits { get; init; }
}

namespace Proxy.Multiplexing;

/// <summary>The decision about a request that a client submits to a session.</summary>
internal enum Admission
{
    /// <summary>It waits for its turn to be sent.</summary>
    Queued,

    /// <summary>It waits for the reply to an identical request.</summary>
    Joined,

    /// <summary>It is answered from the cache.</summary>
    Cached,

    /// <summary>It fails, since its unit does not answer.</summary>
    Suspended,

    /// <summary>It fails, since the destination cannot be reached and no dial is due.</summary>
    Down,

    /// <summary>It fails, since too many requests wait.</summary>
    Full,

    /// <summary>It is dropped, since its client has left.</summary>
    Gone,
}

namespace Proxy.Multiplexing;

/// <summary>What becomes of a request that has come.</summary>
internal enum Admission
{
    /// <summary>It waits for its turn.</summary>
    Queued,

    /// <summary>It waits for the reply to the same one.</summary>
    Joined,

    /// <summary>The reply is known.</summary>
    Cached,

    /// <summary>Its unit does not answer.</summary>
    Suspended,

    /// <summary>The destination cannot be reached, and is not tried now.</summary>
    Down,

    /// <summary>Too many wait.</summary>
    Full,

    /// <summary>Its client has left.</summary>
    Gone,
}

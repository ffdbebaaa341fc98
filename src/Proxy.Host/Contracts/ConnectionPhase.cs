namespace Proxy.Host.Contracts;

/// <summary>How far a connection has come.</summary>
internal enum ConnectionPhase
{
    /// <summary>No destination is chosen yet.</summary>
    Routing,

    /// <summary>It waits for a lock.</summary>
    Queued,

    /// <summary>A destination is chosen: hooks run, or it is dialed.</summary>
    Connecting,

    /// <summary>It is served.</summary>
    Connected,

    /// <summary>It has an outcome, and goes.</summary>
    Ending,
}

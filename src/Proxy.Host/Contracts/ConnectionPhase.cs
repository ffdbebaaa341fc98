namespace Proxy.Host.Contracts;

/// <summary>The stages of a connection, in order.</summary>
internal enum ConnectionPhase
{
    /// <summary>No destination is chosen yet.</summary>
    Routing,

    /// <summary>The connection waits in the queue of a lock.</summary>
    Queued,

    /// <summary>A destination is chosen; its hooks run or it is being dialed.</summary>
    Connecting,

    /// <summary>Data can be exchanged with the destination.</summary>
    Connected,

    /// <summary>The connection has an outcome and is being closed.</summary>
    Ending,
}

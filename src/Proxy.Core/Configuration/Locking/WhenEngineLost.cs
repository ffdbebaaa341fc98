namespace Proxy.Configuration.Locking;

/// <summary>What a lock with <c>Scope: Global</c> does while the engine cannot be reached.</summary>
public enum WhenEngineLost
{
    /// <summary>Clients that hold a permit go on until the lease of their host ends, and no other client is admitted.</summary>
    Hold,

    /// <summary>The same until the lease has ended; then each host admits its own clients, with Permits of its own.</summary>
    Local,
}

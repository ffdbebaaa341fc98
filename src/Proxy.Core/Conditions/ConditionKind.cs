namespace Proxy.Conditions;

/// <summary>What a condition is about.</summary>
public enum ConditionKind
{
    /// <summary>A TCP or HTTP route; the id is its own.</summary>
    Route,

    /// <summary>A cluster; the id is its own.</summary>
    Cluster,

    /// <summary>A destination; the id is <c>cluster/destination</c>.</summary>
    Destination,

    /// <summary>The session of a multiplexed destination; the id is <c>cluster/destination</c>.</summary>
    Device,

    /// <summary>A unit behind a multiplexed destination; the id is <c>cluster/destination/unit</c>.</summary>
    Unit,

    /// <summary>A lock; the id is that of its route.</summary>
    Lock,

    /// <summary>A channel; the id is its own.</summary>
    Channel,

    /// <summary>A member of the group; the id is that of the instance.</summary>
    Member,

    /// <summary>An address to listen on; the id is the address or the key that names it.</summary>
    Listener,

    /// <summary>A certificate; the id is the key of the configuration that names it.</summary>
    Certificate,

    /// <summary>A log; the id is <c>access</c>.</summary>
    Log,

    /// <summary>The configuration; the id is <c>edit</c>, a file, a document that hosts share or a section.</summary>
    Configuration,

    /// <summary>What the process may use; the id is <c>accepting</c>, <c>descriptors</c>, <c>memory</c> or <c>ports</c>.</summary>
    Resource,

    /// <summary>A limit of a route; the id is <c>route/key</c>, or <c>route/Sources</c> for the table of its clients' sources.</summary>
    Limit,

    /// <summary>An endpoint of TCP, by its limit; the id is its own.</summary>
    Endpoint,

    /// <summary>The engine that hosts share; the id is its kind: <c>etcd</c>.</summary>
    Engine,

    /// <summary>This host in its fleet; the id is that of the instance.</summary>
    Fleet,
}

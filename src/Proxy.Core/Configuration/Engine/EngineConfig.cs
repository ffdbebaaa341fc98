namespace Proxy.Configuration.Engine;

/// <summary>The engine that hosts share, for members of channels, locks over all hosts and shared configuration; applied at start only.</summary>
public sealed record EngineConfig
{
    /// <summary>The group of hosts that share keys: absent means Channels:Group, or default without channels.</summary>
    public string? Group { get; init; }

    /// <summary>The id of this host in the group: absent means Channels:Instance:Id, or the name of the machine without channels.</summary>
    public string? Instance { get; init; }

    /// <summary>
    /// The folder of the copies of shared configuration, with which this host starts while the engine is away; it starts at the current folder.
    /// </summary>
    public string StateFolder { get; init; } = ".";

    /// <summary>The etcd cluster.</summary>
    public EtcdConfig? Etcd { get; init; }
}

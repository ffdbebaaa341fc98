namespace Proxy.Configuration.Channels;

/// <summary>How local programs tell members apart.</summary>
public enum LoopbackMode
{
    /// <summary>By address: each member has one of its own in 127.0.0.0/8.</summary>
    Address,

    /// <summary>By port: all are on 127.0.0.1.</summary>
    Port,
}

namespace Proxy.Configuration.Channels;

/// <summary>The role of the legacy program beside a channel.</summary>
public enum ChannelType
{
    /// <summary>A client of a service, which any member may serve.</summary>
    Request,

    /// <summary>A server of such a service.</summary>
    Reply,

    /// <summary>A client of each member by name, a server that others reach by name, or both.</summary>
    Duplex,
}

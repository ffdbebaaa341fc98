namespace Proxy.Configuration.Channels;

/// <summary>What the legacy program beside a channel is.</summary>
public enum ChannelType
{
    /// <summary>A client of a service, whichever member serves it.</summary>
    Request,

    /// <summary>A server of that service.</summary>
    Reply,

    /// <summary>A client of each member by name, a server that others reach by name, or both.</summary>
    Duplex,
}

namespace Proxy.Configuration.Channels;

/// <summary>What an instance can say of itself in one line, and others read of it.</summary>
internal static class ChannelLimits
{
    /// <summary>Ports of one channel.</summary>
    public const int MaxPorts = 1024;

    /// <summary>Connectors of one instance.</summary>
    public const int MaxConnectors = 256;

    /// <summary>Letters of a role or a zone.</summary>
    public const int MaxText = 255;

    /// <summary>Bytes of the line.</summary>
    public const int MaxLine = 64 * 1024;

    private const int Rest = 4 * 1024; // ids, addresses, and role and zone with every letter escaped
    private const int ConnectorRest = 64; // the words around its name and ports

    /// <summary>Whether the channels fit into the line.</summary>
    public static bool Fits(IEnumerable<ChannelConfig> channels) =>
        channels
            .GroupBy(static channel => channel.Connector, StringComparer.OrdinalIgnoreCase)
            .Sum(static connector =>
                ConnectorRest
                + connector.Key.Length
                + connector.Where(static channel => channel.Serves).Sum(static channel => PortRanges.Write(channel.AllPorts).Length)
            )
        <= MaxLine - Rest;
}

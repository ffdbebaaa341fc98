namespace Proxy.Configuration.Channels;

/// <summary>The limits that keep the record of an instance within one line, for its writer and its readers.</summary>
internal static class ChannelLimits
{
    /// <summary>The most ports of one channel.</summary>
    public const int MaxPorts = 1024;

    /// <summary>The most connectors of one instance.</summary>
    public const int MaxConnectors = 256;

    /// <summary>The most characters of a role or a zone.</summary>
    public const int MaxText = 255;

    /// <summary>The most bytes of the line.</summary>
    public const int MaxLine = 64 * 1024;

    private const int Rest = 4 * 1024; // ids, addresses, and role and zone with every character escaped
    private const int ConnectorRest = 64; // the JSON around a connector's name and ports

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

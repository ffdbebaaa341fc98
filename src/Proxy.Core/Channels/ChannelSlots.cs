using Proxy.Diagnostics;

namespace Proxy.Channels;

/// <summary>How connections of channels are told from those of routes, and calls from what is served.</summary>
internal static class ChannelSlots
{
    public const string Calls = "channel:calls";
    public const string Serves = "channel:serves";

    private const string Prefix = "channel:"; // no id of the configuration has a colon

    /// <summary>Whether a slot is of channels' own listeners and tunnels.</summary>
    public static bool IsOne(string slot) => slot is Calls or Serves;

    /// <summary>Whether a connection goes through a tunnel, or is to: those of routes to a connector do, too.</summary>
    public static bool IsOne(ConnectionRecord record) => record.ClusterId?.StartsWith(Prefix, StringComparison.Ordinal) == true;

    /// <summary>The endpoint id of a channel's connections in logs and metrics.</summary>
    public static string Endpoint(string channel) => $"{Prefix}{channel}";

    /// <summary>What stands for the cluster of a connection that goes to a connector.</summary>
    public static string Cluster(string connector) => $"{Prefix}{connector}";

    /// <summary>The channel that accepted a connection; null for one of a route.</summary>
    public static string? ChannelOf(ConnectionRecord record) => IsOne(record.Slot) ? record.EndpointId[Prefix.Length..] : null;

    /// <summary>The connector of a connection that is one of channels.</summary>
    public static string ConnectorOf(ConnectionRecord record) => record.ClusterId![Prefix.Length..];
}

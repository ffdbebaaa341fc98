using Proxy.Diagnostics;

namespace Proxy.Channels;

/// <summary>
/// The marks on a <see cref="ConnectionRecord"/> that tell connections of channels from those of routes, and calling channels from serving
/// ones.
/// </summary>
internal static class ChannelSlots
{
    public const string Calls = "channel:calls";
    public const string Serves = "channel:serves";

    private const string Prefix = "channel:"; // no id of the configuration has a colon

    /// <summary>Whether a slot is one of the channels' listeners or tunnels.</summary>
    public static bool IsOne(string slot) => slot is Calls or Serves;

    /// <summary>Whether a connection goes through a tunnel or will; so do connections of routes that name a connector.</summary>
    public static bool IsOne(ConnectionRecord record) => record.ClusterId?.StartsWith(Prefix, StringComparison.Ordinal) == true;

    /// <summary>The endpoint id of a channel's connections in logs and metrics.</summary>
    public static string Endpoint(string channel) => $"{Prefix}{channel}";

    /// <summary>The cluster id, in logs and metrics, of connections to a connector.</summary>
    public static string Cluster(string connector) => $"{Prefix}{connector}";

    /// <summary>The channel that accepted a connection; null for a connection of a route.</summary>
    public static string? ChannelOf(ConnectionRecord record) => IsOne(record.Slot) ? record.EndpointId[Prefix.Length..] : null;

    /// <summary>The connector of a connection for which <see cref="IsOne(ConnectionRecord)"/> is true.</summary>
    public static string ConnectorOf(ConnectionRecord record) => record.ClusterId![Prefix.Length..];
}

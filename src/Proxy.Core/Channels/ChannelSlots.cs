namespace Proxy.Channels;

/// <summary>How connections of channels are told from those of routes, and calls from what is served.</summary>
internal static class ChannelSlots
{
    public const string Calls = "channel:calls";
    public const string Serves = "channel:serves";

    public static bool IsOne(string slot) => slot is Calls or Serves;

    /// <summary>The endpoint id of a channel's connections in logs and metrics.</summary>
    public static string Endpoint(string channel) => $"channel:{channel}";
}

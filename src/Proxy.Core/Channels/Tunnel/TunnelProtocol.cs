using Proxy.Configuration.Channels;
using Proxy.Connections;

namespace Proxy.Channels.Tunnel;

/// <summary>The names and numbers on which both ends of a tunnel agree.</summary>
internal static class TunnelProtocol
{
    public const string OpenPath = "/.channels/v1/open/";
    public const string HelloPath = "/.channels/v1/hello";
    public const string AuthoritySuffix = ".channel";
    public const string To = "channel-to";
    public const string Port = "channel-port";
    public const string From = "channel-from";
    public const string Connection = "channel-conn";
    public const string Forwarded = "forwarded";
    public const string Trace = "traceparent";
    public const string Explanation = "proxy-status";

    /// <summary>Of an answer: the other protocol that the port takes, if it does.</summary>
    public const string Carriage = "channel-carriage";

    /// <summary>The application protocol (RFC 7301) of tunnels that have a connection of their own.</summary>
    public const string ConnectionProtocol = "proxy-tunnel/1";

    /// <summary>The status of an accepted tunnel.</summary>
    public const int Accepted = 200;

    /// <summary>Stands for the status if there was no answer.</summary>
    public const int NoAnswer = 0;

    /// <summary>
    /// The unread bytes of one tunnel under way, at most. The window of a connection is this times its streams, so that one slow stream
    /// cannot block the others.
    /// </summary>
    public const int StreamWindow = 1024 * 1024;

    /// <summary>HTTP/2's CONNECT_ERROR (RFC 9113, 7): the connection behind the tunnel was reset.</summary>
    public const int ConnectError = 0xA;

    /// <summary>HTTP/2's CANCEL (RFC 9113, 7).</summary>
    public const int Cancel = 0x8;

    private const int KeepAliveProbes = 2;

    /// <summary>How long a caller keeps a connection ready that no tunnel uses.</summary>
    public static readonly TimeSpan ReadyTime = TimeSpan.FromMinutes(1);

    /// <summary>After how long without a request the other side closes one: later than the caller, which else would use it at that moment.</summary>
    public static readonly TimeSpan LongestReadyTime = TimeSpan.FromMinutes(2);

    /// <summary>TCP keep-alive of a tunnel that has a connection of its own: a lost peer is noticed as by HTTP/2's pings.</summary>
    public static KeepAlive KeepAlive(TunnelConfig config) => new(config.PingDelay, config.PingTimeout / KeepAliveProbes, KeepAliveProbes);

    /// <summary>The time, but at least 1 s: neither HTTP/2 implementation pings more often.</summary>
    public static TimeSpan AtLeastASecond(TimeSpan time) => time < TimeSpan.FromSeconds(1) ? TimeSpan.FromSeconds(1) : time;
}

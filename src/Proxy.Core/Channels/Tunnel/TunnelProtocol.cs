namespace Proxy.Channels.Tunnel;

/// <summary>The names and numbers both ends of a tunnel agree on.</summary>
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

    /// <summary>The status of a tunnel that stands.</summary>
    public const int Accepted = 200;

    /// <summary>Stands for a status where there was none.</summary>
    public const int NoAnswer = 0;

    /// <summary>What one tunnel may have under way unread. A connection's window is this times its streams, or one slow one blocks all.</summary>
    public const int StreamWindow = 1024 * 1024;

    /// <summary>HTTP/2's CONNECT_ERROR (RFC 9113, 7): the connection behind the tunnel was reset.</summary>
    public const int ConnectError = 0xA;

    /// <summary>HTTP/2's CANCEL.</summary>
    public const int Cancel = 0x8;

    /// <summary>Neither HTTP/2 implementation pings more often.</summary>
    public static TimeSpan AtLeastASecond(TimeSpan time) => time < TimeSpan.FromSeconds(1) ? TimeSpan.FromSeconds(1) : time;
}

namespace Proxy.Diagnostics;

/// <summary>Records how TLS handshakes end, in the record of a connection and in its span.</summary>
internal static class TlsRecording
{
    /// <summary>The handshake with the client has succeeded.</summary>
    /// <param name="record">The record of the connection.</param>
    /// <param name="session">What was agreed on.</param>
    /// <param name="duration">How long it took.</param>
    public static void ClientTls(this ConnectionRecord record, TlsSession session, TimeSpan duration)
    {
        record.Tls = session;
        record.Span?.TlsEstablished(ConnectionSpan.Client, session, duration, destination: null);
    }

    /// <summary>The handshake with the client has failed.</summary>
    /// <param name="record">The record of the connection.</param>
    /// <param name="reason">The reason, as in metrics.</param>
    /// <param name="error">The reason in words, printable.</param>
    /// <param name="duration">How long it took.</param>
    public static void ClientTlsFailed(this ConnectionRecord record, string reason, string error, TimeSpan duration)
    {
        (record.TlsFailure, record.TlsError) = (reason, error);
        record.Span?.TlsFailed(ConnectionSpan.Client, record.ServerName, reason, duration, destination: null);
    }

    /// <summary>The handshake with a destination has succeeded.</summary>
    /// <param name="record">The record of the client's connection.</param>
    /// <param name="session">What was agreed on.</param>
    /// <param name="duration">How long it took.</param>
    public static void UpstreamTls(this ConnectionRecord record, TlsSession session, TimeSpan duration)
    {
        record.UpstreamTls = session;
        (record.TlsFailure, record.TlsError) = (null, null); // of an attempt before
        record.Span?.TlsEstablished(ConnectionSpan.Upstream, session, duration, record.DestinationId);
    }

    /// <summary>The handshake with a destination has failed.</summary>
    /// <param name="record">The record of the client's connection.</param>
    /// <param name="serverName">The name that was asked for.</param>
    /// <param name="reason">The reason, as in metrics.</param>
    /// <param name="error">The reason in words, printable.</param>
    /// <param name="duration">How long it took.</param>
    public static void UpstreamTlsFailed(this ConnectionRecord record, string? serverName, string reason, string error, TimeSpan duration)
    {
        (record.TlsFailure, record.TlsError) = (reason, error);
        record.Span?.TlsFailed(ConnectionSpan.Upstream, serverName, reason, duration, record.DestinationId);
    }

    /// <summary>A destination has ended TLS with an alert, or violated it, after the handshake.</summary>
    /// <param name="record">The record of the client's connection.</param>
    /// <param name="reason">The reason, one of those of handshakes.</param>
    /// <param name="error">The reason in words, printable.</param>
    public static void UpstreamTlsEnded(this ConnectionRecord record, string reason, string error) =>
        (record.TlsFailure, record.TlsError) = (reason, error);
}

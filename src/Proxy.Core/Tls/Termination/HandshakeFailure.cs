using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Connections;
using Proxy.Configuration.Reading;

namespace Proxy.Tls.Termination;

/// <summary>Why a handshake with a client has failed.</summary>
/// <param name="Reason">The reason, for metrics.</param>
/// <param name="Text">The reason in words, for the log.</param>
/// <param name="Alerted">Whether the client may have been sent an alert that it has to be able to read.</param>
internal sealed record HandshakeFailure(TlsFailureReason Reason, string Text, bool Alerted = false)
{
    // Reasons of OpenSSL's library SSL (openssl/sslerr.h); those of alerts that were received are 1000 and the alert (RFC 8446, 6).
    private const int SslLibrary = 20;
    private const int LibraryShift = 23;
    private const int ReasonMask = 0x7F_FFFF;
    private const int ReceivedAlert = 1000;
    private const int MostAlert = 255;

    /// <summary>The failure of a TLS stream.</summary>
    /// <param name="exception">What it has thrown.</param>
    /// <param name="refusal">Why the client's certificate was refused; null if it was not.</param>
    public static HandshakeFailure Of(Exception exception, HandshakeFailure? refusal)
    {
        if (refusal is not null)
        {
            return refusal;
        }

        for (var cause = exception; cause is not null; cause = cause.InnerException)
        {
            switch (cause)
            {
                case CryptographicException when (cause.HResult >> LibraryShift) == SslLibrary:
                    return OfOpenSsl(cause.HResult & ReasonMask, cause);
                case SocketException or ConnectionResetException:
                    return new(TlsFailureReason.Reset, "the client reset the connection");
                default:
                    break;
            }
        }

        return exception switch
        {
            IOException or ObjectDisposedException => new(TlsFailureReason.Closed, "the client ended the connection"),
            AuthenticationException { InnerException: null } => Invalid(exception), // no record of TLS
            _ => new(TlsFailureReason.Other, Words(exception), Alerted: true),
        };
    }

    private static HandshakeFailure OfOpenSsl(int reason, Exception exception) =>
        reason switch
        {
            258 or 259 or 266 or 292 => new(
                TlsFailureReason.NoCommonVersion,
                "the client offers no version of TLS from MinimumVersion on",
                Alerted: true
            ),
            193 => new(TlsFailureReason.NoCommonCipher, "the client offers no cipher suite that is allowed here", Alerted: true),
            101 or 118 or 410 => new(
                TlsFailureReason.NoCommonCipher,
                "the client offers no group, or no kind of signature, that fits the certificate and is allowed here",
                Alerted: true
            ),
            235 => new(TlsFailureReason.NoCommonProtocol, "the client offers no application protocol of AlpnProtocols", Alerted: true),
            199 => new(TlsFailureReason.NoCertificate, "the client showed no certificate", Alerted: true),
            > ReceivedAlert and <= ReceivedAlert + MostAlert => new(
                TlsFailureReason.RefusedByPeer,
                $"the client ended it with the alert {AlertName(reason - ReceivedAlert)}"
            ),
            _ => Invalid(exception),
        };

    private static HandshakeFailure Invalid(Exception exception) =>
        new(TlsFailureReason.Malformed, $"what the client sent is not valid: {Words(exception)}", Alerted: true);

    private static string AlertName(int alert) =>
        alert switch
        {
            0 => "close_notify",
            10 => "unexpected_message",
            20 => "bad_record_mac",
            40 => "handshake_failure",
            42 => "bad_certificate: the certificate of the route is not valid to it",
            43 => "unsupported_certificate",
            44 => "certificate_revoked",
            45 => "certificate_expired: the certificate of the route is too old to it",
            46 => "certificate_unknown: the certificate of the route is not valid to it",
            47 => "illegal_parameter",
            48 => "unknown_ca: it does not trust the authority of the route's certificate",
            49 => "access_denied",
            50 => "decode_error",
            51 => "decrypt_error",
            70 => "protocol_version",
            71 => "insufficient_security",
            80 => "internal_error",
            86 => "inappropriate_fallback",
            90 => "user_canceled",
            112 => "unrecognized_name",
            116 => "certificate_required",
            120 => "no_application_protocol",
            _ => $"{alert}",
        };

    // The words of OpenSSL stand behind the last colon.
    private static string Words(Exception exception)
    {
        var inner = exception;
        while (inner is AuthenticationException or { InnerException: CryptographicException } && inner.InnerException is { } next)
        {
            inner = next;
        }

        var text = inner.Message;
        return Printable.Shorten(text.StartsWith("error:", StringComparison.Ordinal) ? text[(text.LastIndexOf(':') + 1)..] : text);
    }
}

using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;
using System.Security.Authentication;
using Proxy.Configuration.Reading;
using Proxy.Diagnostics;

namespace Proxy.Tls.Origination;

/// <summary>A handshake with a destination failed. The message is a sentence that says why.</summary>
[SuppressMessage("Design", "CA1032", Justification = "Only made with a reason.")]
[SuppressMessage("Design", "CA1064", Justification = "Caught in this folder.")]
internal sealed class HandshakeFailedException(TlsFailureReason reason, string message, Exception? inner = null) : Exception(message, inner)
{
    private const string Separator = "::"; // before the reason in a message of OpenSSL, such as error:0A00010B:SSL routines::wrong version number
    private const string Alert = " alert ";

    /// <summary>Why, for metrics.</summary>
    public TlsFailureReason Reason => reason;

    /// <summary>As a failure of the destination.</summary>
    public TlsFailedException ToFailure() =>
        new(
            reason is TlsFailureReason.CertificateRefused or TlsFailureReason.NoCertificate
                ? FailureReason.InvalidCertificate
                : FailureReason.TlsHandshake,
            Message,
            InnerException
        );

    /// <summary>Explains what a TLS stream or the connection below it has thrown.</summary>
    public static HandshakeFailedException Of(Exception exception)
    {
        for (var cause = exception; cause is not null; cause = cause.InnerException)
        {
            if (cause is SocketException { SocketErrorCode: SocketError.ConnectionReset or SocketError.Shutdown })
            {
                return new(TlsFailureReason.Reset, "The destination reset the connection during the TLS handshake.", exception);
            }
        }

        var said = Printable.Shorten(exception.GetBaseException().Message);
        return exception switch
        {
            AuthenticationException => Explain(ReasonIn(said), exception),
            IOException => new(TlsFailureReason.Closed, "The destination closed the connection during the TLS handshake.", exception),
            _ => new(TlsFailureReason.Other, $"The TLS handshake with the destination failed: {said.TrimEnd('.')}.", exception),
        };
    }

    /// <summary>Explains what a TLS stream has thrown after the handshake. With TLS 1.3 a server refuses a client's certificate only then.</summary>
    public static HandshakeFailedException After(Exception exception)
    {
        var said = ReasonIn(Printable.Shorten(exception.GetBaseException().Message));
        return said.IndexOf(Alert, StringComparison.Ordinal) is >= 0 and var at
            ? new(
                TlsFailureReason.RefusedByPeer,
                $"The destination refused the connection after the TLS handshake with the alert '{said[(at + Alert.Length)..].TrimEnd('.')}'.",
                exception
            )
            : new(TlsFailureReason.Malformed, $"The destination violated TLS after the handshake: {said.TrimEnd('.')}.", exception);
    }

    private static string ReasonIn(string said) =>
        said.LastIndexOf(Separator, StringComparison.Ordinal) is >= 0 and var at ? said[(at + Separator.Length)..] : said;

    private static HandshakeFailedException Explain(string said, Exception exception)
    {
        if (said.IndexOf(Alert, StringComparison.Ordinal) is >= 0 and var at)
        {
            var alert = said[(at + Alert.Length)..].TrimEnd('.');
            return alert switch
            {
                "protocol version" => new(
                    TlsFailureReason.NoCommonVersion,
                    "The destination refused the TLS handshake: it supports no version from MinimumVersion on (alert 'protocol version').",
                    exception
                ),
                "no application protocol" => new(
                    TlsFailureReason.NoCommonProtocol,
                    "The destination refused the TLS handshake: it supports none of the offered application protocols (alert 'no application protocol').",
                    exception
                ),
                "handshake failure" or "insufficient security" => new(
                    TlsFailureReason.NoCommonCipher,
                    $"The destination refused the TLS handshake: it supports none of the offered cipher suites, or wants a certificate (alert '{alert}').",
                    exception
                ),
                _ => new(TlsFailureReason.RefusedByPeer, $"The destination refused the TLS handshake with the alert '{alert}'.", exception),
            };
        }

        return said switch
        {
            // The last one is of .NET, which looks at the first bytes before OpenSSL does.
            "wrong version number"
            or "http request"
            or "packet length too long"
            or "record layer failure"
            or "Cannot determine the frame size or a corrupted frame was received." => new(
                TlsFailureReason.NotTls,
                $"The destination does not speak TLS on this port: its answer is no TLS ({said.TrimEnd('.')}).",
                exception
            ),
            "unsupported protocol" => new(
                TlsFailureReason.NoCommonVersion,
                "The destination supports no version of TLS from MinimumVersion on.",
                exception
            ),
            _ => new(TlsFailureReason.Malformed, $"The TLS handshake with the destination failed: {said.TrimEnd('.')}.", exception),
        };
    }
}

using System.Net.Sockets;
using System.Text.Json;

namespace Proxy.Diagnostics;

/// <summary>
/// Values of <c>error.type</c> as in .NET's own spans: <c>connection_refused</c>, <c>timed_out</c>, <c>host_unreachable</c>.
/// </summary>
internal static class ErrorType
{
    /// <summary>The client left before there was an answer.</summary>
    public const string Cancelled = "cancelled";

    public const string TimedOut = "timed_out";

    /// <summary>The certificate of a destination is not valid.</summary>
    public const string Certificate = "certificate";

    /// <summary>A TLS handshake failed otherwise.</summary>
    public const string TlsHandshake = "tls_handshake";

    /// <summary>The value of a word such as <c>CertificateRefused</c>.</summary>
    public static string Of(string word) => JsonNamingPolicy.SnakeCaseLower.ConvertName(word);

    public static string Of(Exception exception) =>
        exception switch
        {
            SocketException socket => Of(socket.SocketErrorCode.ToString()),
            TimeoutException or TlsFailedException { Reason: FailureReason.TimedOut } => TimedOut,
            TlsFailedException { Reason: FailureReason.InvalidCertificate } => Certificate,
            TlsFailedException => TlsHandshake,
            OperationCanceledException => Cancelled,
            _ => exception.GetType().FullName!,
        };
}

using Proxy.Configuration.Reading;
using Proxy.Diagnostics;

namespace Proxy.Host.Contracts;

/// <summary>What a TLS handshake has agreed on. Texts of a peer are printable, and shortened to 200 characters.</summary>
/// <param name="Version">The version: 1.2 or 1.3.</param>
/// <param name="CipherSuite">The cipher suite by its IANA name; null if the platform does not tell.</param>
/// <param name="Resumed">Whether an earlier session was resumed; null if that is not known, as of destinations.</param>
/// <param name="ServerName">The server name that was asked for; null without one.</param>
/// <param name="ApplicationProtocol">The application protocol (ALPN); null if none was agreed on.</param>
/// <param name="Subject">The subject of the client's certificate, which was verified; null without a certificate, and of destinations.</param>
/// <param name="Names">The names in that certificate: DNS names, URIs, e-mail addresses, and CN= with the common name.</param>
internal sealed record TlsAnswer(
    string Version,
    string? CipherSuite,
    bool? Resumed,
    string? ServerName,
    string? ApplicationProtocol,
    string? Subject,
    IReadOnlyList<string> Names
)
{
    public static TlsAnswer? Of(TlsSession? session) =>
        session is null
            ? null
            : new(
                session.Version,
                session.CipherSuite,
                session.IsResumed,
                session.ServerName,
                Short(session.ApplicationProtocol),
                Short(session.PeerSubject),
                [.. session.PeerNames.Select(Printable.Shorten)]
            );

    private static string? Short(string? text) => text is null ? null : Printable.Shorten(text);
}

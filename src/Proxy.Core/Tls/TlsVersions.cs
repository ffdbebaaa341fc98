using System.Diagnostics.CodeAnalysis;
using System.Security.Authentication;
using Proxy.Configuration.Tls;

namespace Proxy.Tls;

/// <summary>Versions of TLS, as the platform has them and as they are written.</summary>
[SuppressMessage("Security", "CA5398", Justification = "Users choose the lowest version, and the system's choice may allow older ones.")]
internal static class TlsVersions
{
    /// <summary>The versions from a lowest one on.</summary>
    public static SslProtocols From(TlsVersion minimum) =>
        minimum == TlsVersion.Tls13 ? SslProtocols.Tls13 : SslProtocols.Tls12 | SslProtocols.Tls13;

    /// <summary>The version as in RFCs: 1.2 or 1.3; empty for others.</summary>
    public static string NameOf(SslProtocols protocol) =>
        protocol switch
        {
            SslProtocols.Tls12 => "1.2",
            SslProtocols.Tls13 => "1.3",
            _ => "",
        };
}

using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Proxy.Configuration.Tls;
using Proxy.Tls.Certificates;

namespace Proxy.Tls.Termination;

/// <summary>What a route offers in its handshakes.</summary>
internal sealed class HandshakeOptions
{
    // The chain that a TLS stream builds by itself, beside ours, is not used: it must be cheap and must not load anything.
    private static readonly X509ChainPolicy _unused = new()
    {
        TrustMode = X509ChainTrustMode.CustomRootTrust,
        RevocationMode = X509RevocationMode.NoCheck,
        DisableCertificateDownloads = true,
        VerificationFlags = X509VerificationFlags.AllFlags,
    };

    private readonly CertificateChooser _certificates;
    private readonly RouteTlsConfig _config;
    private readonly TrustBundle? _trust;
    private readonly SslProtocols _versions;
    private readonly List<SslApplicationProtocol>? _protocols;
    private readonly CipherSuitesPolicy? _suites;

    /// <summary>Reads what is configured.</summary>
    /// <exception cref="CertificateException">A certificate or an authority cannot be used.</exception>
    public HandshakeOptions(RouteTlsConfig config, CertificateStore store)
    {
        _config = config;
        _certificates = new([.. config.Certificate.Select(store.Certificate)]);
        _trust =
            config.ClientCertificates == ClientCertificateMode.None
                ? null
                : store.Trust(config.ClientCertificateAuthority!, config.ClientCertificateRevocationList);
        _versions = TlsVersions.From(config.MinimumVersion);
        _protocols =
            config.AlpnProtocols.Count == 0
                ? null
                : [.. config.AlpnProtocols.Select(static one => new SslApplicationProtocol(Encoding.ASCII.GetBytes(one)))];
#pragma warning disable CA1416 // Where the platform cannot choose cipher suites, a configuration that does is refused.
        _suites = TlsCipherSuites.Read(config.CipherSuites) is { } suites ? new CipherSuitesPolicy(suites) : null;
#pragma warning restore CA1416
    }

    /// <summary>Begins the verification of a client; null if it is not asked for a certificate.</summary>
    public ClientVerification? Verification() => _trust is null ? null : new(_config.ClientCertificates, _trust);

    /// <summary>The options of a handshake.</summary>
    /// <param name="serverName">The name that the client asks for, as we have read it; null for none.</param>
    /// <param name="verification">Verifies the client's certificate; null if none is asked for.</param>
    public SslServerAuthenticationOptions Of(string? serverName, ClientVerification? verification)
    {
        var options = new SslServerAuthenticationOptions
        {
            ServerCertificateContext = _certificates.Choose(serverName).Context,
            EnabledSslProtocols = _versions,
            ApplicationProtocols = _protocols,
            CipherSuitesPolicy = _suites,
            AllowRenegotiation = false,
        };
        if (verification is not null)
        {
            options.ClientCertificateRequired = true; // asks for it; whether it has to be there is decided by the verification
            options.RemoteCertificateValidationCallback = (_, certificate, chain, _) => verification.Verify(certificate, chain);
            options.CertificateChainPolicy = _unused;
            options.AllowTlsResume = false; // sessions are kept per process, and a route must not take over what another one has verified
        }

        return options;
    }
}

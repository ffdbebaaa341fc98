using System.Security.Cryptography.X509Certificates;
using Proxy.Configuration.Reading;
using Proxy.Configuration.Tls;
using Proxy.Tls.Certificates;

namespace Proxy.Tls.Termination;

/// <summary>Verifies the certificate of one client, in each handshake: a session that is resumed is verified as well.</summary>
internal sealed class ClientVerification(ClientCertificateMode mode, TrustBundle trust)
{
    /// <summary>Why the certificate was refused; null if it was not.</summary>
    public HandshakeFailure? Refusal { get; private set; }

    /// <summary>What a TLS stream calls.</summary>
    public bool Verify(X509Certificate? certificate, X509Chain? chain)
    {
        Refusal = certificate is X509Certificate2 shown ? Judge(shown, chain) : Missing();
        return Refusal is null;
    }

    private HandshakeFailure? Missing() =>
        mode == ClientCertificateMode.Required
            ? new(TlsFailureReason.NoCertificate, "the client showed no certificate", Alerted: true)
            : null;

    private HandshakeFailure? Judge(X509Certificate2 certificate, X509Chain? chain)
    {
        string? refusal;
        try
        {
            refusal = trust.Refusal(certificate, chain?.ChainPolicy.ExtraStore ?? [], CertificateUse.Client, serverName: null);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // The platform reads parts of a certificate, such as its times, only when they are asked for, and throws then.
            refusal = $"it cannot be read: {exception.Message}";
        }

        return refusal is null ? null : new(TlsFailureReason.CertificateRefused, Printable.Shorten(refusal), Alerted: true);
    }
}

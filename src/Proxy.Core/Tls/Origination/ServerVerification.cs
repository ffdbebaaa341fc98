using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using Proxy.Configuration.Reading;
using Proxy.Tls.Certificates;

namespace Proxy.Tls.Origination;

/// <summary>Verifies the certificate of a destination, in one handshake. It runs for sessions that are resumed too.</summary>
/// <param name="trust">Verifies certificates; null accepts any.</param>
/// <param name="name">The name or IP address that the certificate has to be for; null for any.</param>
internal sealed class ServerVerification(TrustBundle? trust, string? name)
{
    private const int MostNames = 8;
    private const string NameExtension = "2.5.29.17";

    /// <summary>Why the certificate is not valid, and what it says; null while it is.</summary>
    public string? Refusal { get; private set; }

    /// <summary>The kind of the refusal.</summary>
    public TlsFailureReason Reason { get; private set; }

    /// <summary>The callback of the handshake.</summary>
    public bool Verify(X509Certificate? certificate, X509Chain? chain)
    {
        if (trust is null)
        {
            return true;
        }

        if (certificate is not X509Certificate2 shown)
        {
            (Reason, Refusal) = (TlsFailureReason.NoCertificate, "The destination showed no certificate.");
            return false;
        }

        var sent = chain is null ? [] : chain.ChainPolicy.ExtraStore.AsEnumerable();
        if (trust.Refusal(shown, sent, CertificateUse.Server, name) is { } refusal)
        {
            var sentence = refusal.TrimEnd('.');
            (Reason, Refusal) = (
                TlsFailureReason.CertificateRefused,
                Printable.Escape($"The certificate of the destination is not valid for '{name}': {sentence}. {Describe(shown)}")
            );
        }

        return Refusal is null;
    }

    private static string Describe(X509Certificate2 certificate)
    {
        var names = NamesOf(certificate);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"It says: subject '{Printable.Shorten(certificate.Subject)}', names {(names.Count == 0 ? "none" : string.Join(", ", names))}, issuer '{Printable.Shorten(certificate.Issuer)}', valid from {certificate.NotBefore.ToUniversalTime():u} to {certificate.NotAfter.ToUniversalTime():u}."
        );
    }

    private static List<string> NamesOf(X509Certificate2 certificate)
    {
        if (certificate.Extensions[NameExtension] is not { } extension)
        {
            return [];
        }

        try
        {
            var names = extension as X509SubjectAlternativeNameExtension ?? new(extension.RawData, extension.Critical);
            var all = names
                .EnumerateDnsNames()
                .Select(Printable.Shorten)
                .Concat(names.EnumerateIPAddresses().Select(static address => address.ToString()))
                .Take(MostNames + 1)
                .ToList();
            return all.Count <= MostNames ? all : [.. all.Take(MostNames), "and more"];
        }
        catch (System.Security.Cryptography.CryptographicException)
        {
            return ["that cannot be read"];
        }
    }
}

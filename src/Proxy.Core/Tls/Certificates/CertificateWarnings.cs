using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Proxy.Tls.Certificates;

/// <summary>What is allowed about a certificate and probably not intended.</summary>
internal static class CertificateWarnings
{
    private const string ServerUsage = "1.3.6.1.5.5.7.3.1";
    private const string ClientUsage = "1.3.6.1.5.5.7.3.2";
    private const string AnyUsage = "2.5.29.37.0";
    private const string IssuerAddress = "1.3.6.1.5.5.7.1.1";

    /// <param name="loaded">The certificate.</param>
    /// <param name="use">What it is presented as.</param>
    /// <param name="now">The time.</param>
    public static IEnumerable<string> Of(LoadedCertificate loaded, CertificateUse use, DateTimeOffset now)
    {
        var leaf = loaded.Leaf;
        var subject = $"'{CertificateText.Subject(leaf)}'";
        if (Time(loaded, subject, now) is { } time)
        {
            yield return time;
        }

        var usages = leaf.Extensions.OfType<X509EnhancedKeyUsageExtension>().FirstOrDefault()?.EnhancedKeyUsages.Cast<Oid>();
        if (usages?.Any(one => one.Value == (use == CertificateUse.Server ? ServerUsage : ClientUsage) || one.Value == AnyUsage) is false)
        {
            var peers = use == CertificateUse.Server ? ("servers", "clients refuse") : ("clients", "destinations refuse");
            yield return $"{subject} is not for {peers.Item1} (extended key usage), so that {peers.Item2} it; request one that is.";
        }

        if (leaf.Extensions.OfType<X509KeyUsageExtension>().Any(static one => !one.KeyUsages.HasFlag(X509KeyUsageFlags.DigitalSignature)))
        {
            yield return $"{subject} may not sign (key usage), which TLS 1.3 needs; request one that may.";
        }

        if (use == CertificateUse.Server && loaded.Names.All.Count == 0 && !HasAddress(leaf))
        {
            yield return $"{subject} is for no DNS name and no address, so that clients refuse it; request one with alternative names.";
        }

        if (Unrelated(loaded) is { } unrelated)
        {
            yield return $"'{CertificateText.Subject(unrelated)}' is in the file and not part of the chain of {subject}, so that it is not presented; remove it.";
        }

        if (Missing(loaded) is { } missing)
        {
            yield return $"the certificate of '{CertificateText.Name(missing)}', which has issued the last one of the file, is neither there nor an authority of the "
                + "system; append it if it is not an authority that all peers know, since peers may not find it themselves.";
        }
    }

    private static string? Time(LoadedCertificate loaded, string subject, DateTimeOffset now) =>
        now < loaded.NotBefore ? $"{subject} is not valid before {CertificateText.Time(loaded.NotBefore)}; check the clock, or renew it."
        : now >= loaded.NotAfter ? $"{subject} expired at {CertificateText.Time(loaded.NotAfter)}; renew it."
        : now >= CertificateTime.RenewalDue(loaded.NotBefore, loaded.NotAfter)
            ? $"{subject} expires at {CertificateText.Time(loaded.NotAfter)}; renew it."
        : null;

    private static bool HasAddress(X509Certificate2 leaf) =>
        leaf.Extensions.OfType<X509SubjectAlternativeNameExtension>().Any(static names => names.EnumerateIPAddresses().Any());

    private static X509Certificate2? Unrelated(LoadedCertificate loaded) =>
        loaded.All.FirstOrDefault(one =>
            !one.RawDataMemory.Span.SequenceEqual(loaded.Leaf.RawDataMemory.Span)
            && !loaded.Context.IntermediateCertificates.Any(sent => sent.RawDataMemory.Span.SequenceEqual(one.RawDataMemory.Span))
            && !IsRoot(one) // a root is not presented, and harmless
        );

    // An authority that has told where its own certificate can be downloaded is rarely a root.
    private static string? Missing(LoadedCertificate loaded)
    {
        var last = loaded.Context.IntermediateCertificates.Count > 0 ? loaded.Context.IntermediateCertificates[^1] : loaded.Leaf;
        if (
            IsRoot(last)
            || last.Extensions[IssuerAddress] is null
            || loaded.All.Any(one => one.SubjectName.RawData.AsSpan().SequenceEqual(last.IssuerName.RawData))
        )
        {
            return null;
        }

        using var chain = new X509Chain();
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.Build(last);
        return chain.ChainStatus.Any(static status => status.Status == X509ChainStatusFlags.PartialChain) ? last.Issuer : null;
    }

    private static bool IsRoot(X509Certificate2 certificate) =>
        certificate.SubjectName.RawData.AsSpan().SequenceEqual(certificate.IssuerName.RawData);
}

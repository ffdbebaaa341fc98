using System.Security.Cryptography.X509Certificates;

namespace Proxy.Tls.Certificates;

/// <summary>Says in a sentence why the chain of a peer's certificate is not valid.</summary>
internal static class ChainRefusal
{
    /// <param name="chain">The chain that the platform has built and refused.</param>
    /// <param name="end">The index of the first certificate that is an authority of the file; -1 if none is.</param>
    /// <param name="authorityPath">The file of the authorities; null for those of the system.</param>
    /// <param name="use">What the certificate is used for.</param>
    /// <returns>Null if the chain is valid all the same: it ends at an authority of the file that is no root.</returns>
    public static string? Of(X509Chain chain, int end, string? authorityPath, CertificateUse use)
    {
        var elements = chain.ChainElements;
        if (elements.Count == 0)
        {
            return "its chain cannot be built";
        }

        foreach (var (index, element) in elements.Take(end < 0 ? elements.Count : end + 1).Index())
        {
            foreach (var status in element.ChainElementStatus)
            {
                if (Concerns(status.Status, index == end))
                {
                    return Say(element.Certificate, status, use);
                }
            }
        }

        var (last, trusted) = (
            elements[^1].Certificate,
            authorityPath is null ? "the system's authorities" : $"the authorities of {authorityPath}"
        );
        return end >= 0 ? null
            : last.SubjectName.RawData.AsSpan().SequenceEqual(last.IssuerName.RawData)
                ? elements.Count == 1 ? $"'{CertificateText.Subject(last)}' is signed by itself, and is none of {trusted}"
                    : $"its chain ends at '{CertificateText.Subject(last)}', which is none of {trusted}"
            : $"'{CertificateText.Subject(last)}' is issued by '{CertificateText.Issuer(last)}', which is none of {trusted} and was not sent";
    }

    // Whether the end is trusted is said behind all else, because the end of a chain that is wrong may be anything. What has signed a trusted end does not matter.
    private static bool Concerns(X509ChainStatusFlags status, bool isEnd) =>
        status is not (X509ChainStatusFlags.PartialChain or X509ChainStatusFlags.UntrustedRoot or X509ChainStatusFlags.NoError)
        && !(isEnd && status == X509ChainStatusFlags.NotSignatureValid);

    private static string Say(X509Certificate2 certificate, X509ChainStatus status, CertificateUse use)
    {
        var subject = $"'{CertificateText.Subject(certificate)}'";
        return status.Status switch
        {
            X509ChainStatusFlags.NotTimeValid =>
                $"{subject} is valid from {CertificateText.Time(certificate.NotBefore)} to {CertificateText.Time(certificate.NotAfter)}, and not now",
            X509ChainStatusFlags.NotValidForUsage =>
                $"{subject} is not for {(use == CertificateUse.Server ? "servers" : "clients")} (extended key usage)",
            X509ChainStatusFlags.NotSignatureValid =>
                $"the signature of {subject} is wrong: '{CertificateText.Issuer(certificate)}' has not made it",
            X509ChainStatusFlags.InvalidBasicConstraints => $"{subject} may not issue the certificate below it (basic constraints)",
            X509ChainStatusFlags.InvalidNameConstraints
            or X509ChainStatusFlags.HasExcludedNameConstraint
            or X509ChainStatusFlags.HasNotPermittedNameConstraint
            or X509ChainStatusFlags.HasNotSupportedNameConstraint
            or X509ChainStatusFlags.HasNotDefinedNameConstraint =>
                $"{subject} has a name that its authority may not certify (name constraints)",
            X509ChainStatusFlags.HasWeakSignature => $"{subject} has a signature that is too weak",
            X509ChainStatusFlags.HasNotSupportedCriticalExtension => $"{subject} has a critical extension that is not understood",
            _ =>
                $"{subject} is not valid: {CertificateText.Name(status.StatusInformation is { Length: > 0 } text ? text.TrimEnd('.') : status.Status.ToString())}",
        };
    }
}

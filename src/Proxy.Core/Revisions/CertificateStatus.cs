using Proxy.Configuration.Reading;
using Proxy.Tls.Certificates;

namespace Proxy.Revisions;

/// <summary>A certificate in use, and the newest reading of its files. Texts of certificates are printable and short.</summary>
/// <param name="Path">The file.</param>
/// <param name="Subject">The name of its subject, or its first other name.</param>
/// <param name="Names">The DNS names that it is for, in lower case; at most 100.</param>
/// <param name="Issuer">The name of the authority that has signed it.</param>
/// <param name="NotBefore">When its time begins.</param>
/// <param name="NotAfter">When its time ends.</param>
/// <param name="Since">Since when it is used.</param>
/// <param name="Problem">Why the newest content of the files is not used; null if it is.</param>
/// <param name="ProblemSince">Since when that is so; null without a problem.</param>
public sealed record CertificateStatus(
    string Path,
    string Subject,
    IReadOnlyList<string> Names,
    string Issuer,
    DateTimeOffset NotBefore,
    DateTimeOffset NotAfter,
    DateTimeOffset Since,
    string? Problem,
    DateTimeOffset? ProblemSince
)
{
    private const int MostNames = 100;

    internal static CertificateStatus Of(ServedCertificate certificate)
    {
        var (loaded, problem) = (certificate.Loaded, certificate.Problem);
        return new(
            certificate.Config.Path,
            CertificateText.Subject(loaded.Leaf),
            [.. loaded.Names.All.Take(MostNames).Select(CertificateText.Name)],
            CertificateText.Issuer(loaded.Leaf),
            loaded.NotBefore,
            loaded.NotAfter,
            certificate.Since,
            problem is { } found ? Printable.Escape(found.Text) : null,
            problem?.Since
        );
    }
}

namespace Proxy.Tls.Certificates;

/// <summary>A certificate and the newest reading of its files.</summary>
/// <param name="Path">The file.</param>
/// <param name="Subject">The name of its subject.</param>
/// <param name="Names">The DNS names that it is for.</param>
/// <param name="Issuer">The name of the authority that has signed it.</param>
/// <param name="NotBefore">When its time begins.</param>
/// <param name="NotAfter">When its time ends.</param>
/// <param name="Since">Since when it is used.</param>
/// <param name="Problem">Why the newest content of the files is not used; null if it is.</param>
/// <param name="ProblemSince">Since when that is so.</param>
/// <param name="UsedBy">The keys of the configuration that name it.</param>
internal sealed record CertificateStatus(
    string Path,
    string Subject,
    IReadOnlyList<string> Names,
    string Issuer,
    DateTimeOffset NotBefore,
    DateTimeOffset NotAfter,
    DateTimeOffset Since,
    string? Problem,
    DateTimeOffset? ProblemSince,
    IReadOnlyList<string> UsedBy
);

using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Proxy.Tls.Certificates;

/// <summary>
/// Authorities and revocation lists of the configuration. What they are at a moment changes with their files; asking never reads one of them, and nothing is
/// downloaded.
/// </summary>
internal sealed class TrustBundle
{
    /// <summary>The most certificates of a peer that are examined beside its own.</summary>
    public const int MostSent = 10;

    // The time of a signature grows with the square of the size, on the loop of others. The modulus, and what is around it.
    private const int MostKeyBytes = (8192 / 8) + 64;

    private const string ServerUsage = "1.3.6.1.5.5.7.3.1";
    private const string ClientUsage = "1.3.6.1.5.5.7.3.2";

    private readonly Reloaded<TrustContent>? _files; // null for the system's authorities without a list
    private readonly TimeProvider _time;

    /// <summary>Reads the files.</summary>
    /// <param name="authorityPath">The file of the authorities; null for those of the system.</param>
    /// <param name="revocationListPath">The file of the lists; null for none.</param>
    /// <param name="time">The clock by which certificates expire.</param>
    /// <exception cref="CertificateException">A file cannot be used.</exception>
    public TrustBundle(string? authorityPath, string? revocationListPath, TimeProvider time)
    {
        (AuthorityPath, RevocationListPath, _time) = (authorityPath, revocationListPath, time);
        List<string> paths = [.. new[] { authorityPath, revocationListPath }.OfType<string>()];
        if (paths.Count > 0)
        {
            _files = new(paths, (contents, _) => Read(contents), time);
            _files.First();
        }
    }

    /// <summary>The file of the authorities; null for those of the system.</summary>
    public string? AuthorityPath { get; }

    /// <summary>The file of the lists.</summary>
    public string? RevocationListPath { get; }

    /// <summary>Since when the present content is used.</summary>
    public DateTimeOffset Since => _files?.Since ?? default;

    /// <summary>Why the newest content of the files is not used, and since when; null if it is.</summary>
    public (string Text, DateTimeOffset Since)? Problem => _files?.Problem;

    /// <summary>A reading that does not end; null if there is none.</summary>
    public (string Text, DateTimeOffset Since)? Slow => _files?.Slow;

    /// <summary>The present content.</summary>
    public TrustContent Content => _files?.Value ?? new(null, null);

    /// <summary>Reads the files again. One caller at a time.</summary>
    public Reading Refresh() => _files?.Read() ?? Reading.Unchanged;

    /// <summary>Verifies a certificate of a peer: 0.3 to 1 ms of CPU, without reading a file, but for authorities of the system, which
    /// the platform reads from time to time.</summary>
    /// <param name="certificate">The certificate.</param>
    /// <param name="sent">The certificates that the peer has sent with it.</param>
    /// <param name="use">What it is used for.</param>
    /// <param name="serverName">The DNS name or IP address that it has to be for; null checks none.</param>
    /// <returns>Null if it is valid, else why not, in one sentence.</returns>
    public string? Refusal(X509Certificate2 certificate, IEnumerable<X509Certificate2> sent, CertificateUse use, string? serverName)
    {
        List<X509Certificate2> behind = [.. sent.Take(MostSent)];
        if (behind.Prepend(certificate).FirstOrDefault(IsTooLarge) is { } large)
        {
            return $"'{CertificateText.Subject(large)}' has a key of more than 8,192 bits";
        }

        var (content, now) = (Content, _time.GetUtcNow());
        using var chain = new X509Chain();
        var policy = chain.ChainPolicy;
        policy.RevocationMode = X509RevocationMode.NoCheck; // lists are ours
        policy.DisableCertificateDownloads = true;
        policy.VerificationTime = now.LocalDateTime;
        policy.ExtraStore.AddRange(behind.ToArray());
        policy.ApplicationPolicy.Add(new Oid(use == CertificateUse.Server ? ServerUsage : ClientUsage));
        if (content.Authorities is { } authorities)
        {
            policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            policy.CustomTrustStore.AddRange(authorities);
            policy.ExtraStore.AddRange(authorities); // those that are no roots
        }

        // A chain that the platform takes ends at a root; another may have an authority of the file before that.
        var isValid = chain.Build(certificate);
        var end = isValid ? chain.ChainElements.Count - 1 : EndOf(chain, content);
        var refusal =
            (isValid ? null : ChainRefusal.Of(chain, end, AuthorityPath, use))
            ?? Revoked(chain, end, content, now)
            ?? OtherName(certificate, serverName);
        foreach (var element in chain.ChainElements)
        {
            element.Certificate.Dispose();
        }

        return refusal;
    }

    // RSA, RSASSA-PSS and DSA.
    private static bool IsTooLarge(X509Certificate2 certificate) =>
        certificate.PublicKey is { Oid.Value: "1.2.840.113549.1.1.1" or "1.2.840.113549.1.1.10" or "1.2.840.10040.4.1" } key
        && key.EncodedKeyValue.RawData.Length > MostKeyBytes;

    private static int EndOf(X509Chain chain, TrustContent content)
    {
        for (var i = 0; i < chain.ChainElements.Count; i++)
        {
            if (content.Has(chain.ChainElements[i].Certificate))
            {
                return i;
            }
        }

        return -1;
    }

    private static string? Revoked(X509Chain chain, int end, TrustContent content, DateTimeOffset now)
    {
        for (var i = 0; i < end; i++)
        {
            if (content.Revocation(chain.ChainElements[i].Certificate, chain.ChainElements[i + 1].Certificate, now) is { } revocation)
            {
                return revocation;
            }
        }

        return null;
    }

    private static string? OtherName(X509Certificate2 certificate, string? serverName)
    {
        var name = serverName is [.. var rest, '.'] ? rest : serverName;
        if (name is null || (name.Length > 0 && certificate.MatchesHostname(name)))
        {
            return null;
        }

        var isAddress = IPAddress.TryParse(name, out _);
        var said = isAddress ? Addresses(certificate) : new CertificateNames(certificate).All;
        return $"it is for {CertificateText.List(said)}, and not for '{CertificateText.Name(name)}'";
    }

    private static List<string> Addresses(X509Certificate2 certificate) =>
        [
            .. certificate
                .Extensions.OfType<X509SubjectAlternativeNameExtension>()
                .SelectMany(static names => names.EnumerateIPAddresses())
                .Select(static address => address.ToString()),
        ];

    private TrustContent Read(IReadOnlyList<byte[]> contents)
    {
        var authorities = AuthorityPath is { } path ? BundleReader.Authorities(path, contents[0]) : null;
        var lists = RevocationListPath is { } file ? BundleReader.Lists(file, contents[^1], authorities ?? []) : null;
        return new(authorities, lists);
    }
}

using System.Security.Cryptography.X509Certificates;

namespace Proxy.Tls.Certificates;

/// <summary>
/// The DNS names that a certificate is for: its alternative names, or the common name if it has none. Names are compared in lower case and without a dot at
/// the end; international names are those that the certificate has, in their ASCII form.
/// </summary>
internal sealed class CertificateNames
{
    private const string NameExtension = "2.5.29.17";

    private readonly HashSet<string> _all;
    private readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> _lookup;

    public CertificateNames(X509Certificate2 certificate)
    {
        All = [.. Read(certificate).Select(Normalize).Where(static name => name.Length > 0).Distinct(StringComparer.Ordinal)];
        _all = All.ToHashSet(StringComparer.Ordinal);
        _lookup = All.Where(IsWildcard)
            .Select(static name => name[1..])
            .ToHashSet(StringComparer.Ordinal)
            .GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>The names, normalized, in the order of the certificate.</summary>
    public IReadOnlyList<string> All { get; }

    /// <summary>Whether a name is one of these, or one label below a wildcard.</summary>
    public bool Cover(string serverName)
    {
        var name = Normalize(serverName);
        return _all.Contains(name)
            || (name.IndexOf('.', StringComparison.Ordinal) is > 0 and var dot && _lookup.Contains(name.AsSpan(dot)));
    }

    /// <summary>The name as names are compared.</summary>
    public static string Normalize(string name) => (name.EndsWith('.') ? name[..^1] : name).ToLowerInvariant();

    /// <summary>Whether a name stands for all names that are one label longer than what follows its first dot.</summary>
    public static bool IsWildcard(string name) => name.StartsWith("*.", StringComparison.Ordinal);

    private static IEnumerable<string> Read(X509Certificate2 certificate)
    {
        if (certificate.Extensions[NameExtension] is { } extension)
        {
            var names = extension as X509SubjectAlternativeNameExtension ?? new(extension.RawData, extension.Critical);
            return names.EnumerateDnsNames();
        }

        return certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false) is { Length: > 0 } name ? [name] : [];
    }
}

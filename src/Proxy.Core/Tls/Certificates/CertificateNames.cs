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

    public CertificateNames(X509Certificate2 certificate)
    {
        All = [.. Read(certificate).Select(Normalize).Where(static name => name.Length > 0).Distinct(StringComparer.Ordinal)];
        _all = All.ToHashSet(StringComparer.Ordinal);
    }

    /// <summary>The names, normalized, in the order of the certificate.</summary>
    public IReadOnlyList<string> All { get; }

    /// <summary>Whether a name is one of these, or one label below a wildcard.</summary>
    public bool Cover(string serverName)
    {
        var name = Normalize(serverName);
        return _all.Contains(name) || (Wildcard(name) is { } wildcard && _all.Contains(wildcard));
    }

    /// <summary>The name as names are compared.</summary>
    public static string Normalize(string name) => (name.EndsWith('.') ? name[..^1] : name).ToLowerInvariant();

    /// <summary>The only wildcard that covers a normalized name: its first label is replaced. Null for a name of one label.</summary>
    public static string? Wildcard(string name) =>
        name.IndexOf('.', StringComparison.Ordinal) is > 0 and var dot ? $"*{name[dot..]}" : null;

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

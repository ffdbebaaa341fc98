using System.Security.Cryptography.X509Certificates;
using Proxy.Configuration.Reading;

namespace Proxy.Tls.Certificates;

/// <summary>What certificates say, for messages: printable and short, since peers write it.</summary>
internal static class CertificateText
{
    private const int MostNames = 5;

    /// <summary>Its subject; its first name if that is empty.</summary>
    public static string Subject(X509Certificate2 certificate) =>
        certificate.Subject is { Length: > 0 } subject ? Name(subject)
        : certificate.GetNameInfo(X509NameType.DnsName, forIssuer: false) is { Length: > 0 } name ? Name(name)
        : certificate.GetNameInfo(X509NameType.UrlName, forIssuer: false) is { Length: > 0 } url ? Name(url)
        : $"serial number {certificate.SerialNumber}";

    /// <summary>The name of its authority.</summary>
    public static string Issuer(X509Certificate2 certificate) => Name(certificate.Issuer);

    /// <summary>A name, printable and short.</summary>
    public static string Name(string name) => Printable.Shorten(name);

    /// <summary>A time as messages write it.</summary>
    public static string Time(DateTimeOffset time) => $"{time.UtcDateTime:u}";

    /// <summary>Some names in quotes.</summary>
    public static string List(IReadOnlyList<string> names) =>
        names.Count == 0
            ? "no name"
            : string.Join(", ", names.Take(MostNames).Select(static name => $"'{Name(name)}'"))
                + (names.Count > MostNames ? $" and {names.Count - MostNames} more" : "");
}

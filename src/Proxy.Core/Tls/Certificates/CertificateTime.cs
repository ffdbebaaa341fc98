namespace Proxy.Tls.Certificates;

/// <summary>When a certificate is near its end.</summary>
internal static class CertificateTime
{
    private const double LeastPart = 0.25;
    private static readonly TimeSpan _soon = TimeSpan.FromDays(21);

    /// <summary>From when on it should have been renewed: 21 days before its end, or less for a short one, which is renewed late.</summary>
    public static DateTimeOffset RenewalDue(DateTimeOffset notBefore, DateTimeOffset notAfter)
    {
        var part = (notAfter - notBefore) * LeastPart;
        return notAfter - (part < _soon ? part : _soon);
    }
}

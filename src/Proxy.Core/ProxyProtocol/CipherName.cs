namespace Proxy.ProxyProtocol;

/// <summary>The names of cipher suites in headers, which are those of OpenSSL.</summary>
internal static class CipherName
{
    private const string Prefix = "TLS_";
    private const string With = "_WITH_";

    /// <summary>The name that OpenSSL has for a suite, such as <c>ECDHE-RSA-AES128-GCM-SHA256</c>. Those of TLS 1.3 have the same name everywhere.</summary>
    /// <param name="name">Its IANA name, such as <c>TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256</c>.</param>
    public static string OfOpenSsl(string name)
    {
        var with = name.IndexOf(With, StringComparison.Ordinal);
        if (with < 0 || !name.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return name;
        }

        var exchange = name[Prefix.Length..with];
        var cipher = name[(with + With.Length)..]
            .Replace("AES_", "AES", StringComparison.Ordinal)
            .Replace("CAMELLIA_", "CAMELLIA", StringComparison.Ordinal)
            .Replace("ARIA_", "ARIA", StringComparison.Ordinal)
            .Replace("CCM_8", "CCM8", StringComparison.Ordinal)
            .Replace("_CBC", "", StringComparison.Ordinal)
            .Replace("CHACHA20_POLY1305_SHA256", "CHACHA20-POLY1305", StringComparison.Ordinal);
        var text = exchange == "RSA" ? cipher : $"{exchange}_{cipher}";
        return text.Replace('_', '-');
    }
}

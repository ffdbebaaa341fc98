using System.Net.Security;
using Proxy.Configuration.Reading;

namespace Proxy.Configuration.Tls;

/// <summary>Reads names of cipher suites.</summary>
internal static class TlsCipherSuites
{
    private static readonly Dictionary<string, TlsCipherSuite> _known = Enum.GetValues<TlsCipherSuite>()
        .ToDictionary(static suite => suite.ToString(), StringComparer.OrdinalIgnoreCase);

    private static readonly TlsCipherSuite[] _ofTls13 =
    [
        TlsCipherSuite.TLS_AES_128_GCM_SHA256,
        TlsCipherSuite.TLS_AES_256_GCM_SHA384,
        TlsCipherSuite.TLS_CHACHA20_POLY1305_SHA256,
        TlsCipherSuite.TLS_AES_128_CCM_SHA256,
        TlsCipherSuite.TLS_AES_128_CCM_8_SHA256,
    ];

    /// <summary>The suites of a valid list; null for those of the platform.</summary>
    public static IReadOnlyList<TlsCipherSuite>? Read(IReadOnlyList<string> names) =>
        names.Count == 0 ? null : [.. names.Select(static name => _known[name])];

    public static void Check(IReadOnlyList<string> names, TlsVersion minimum, string path, ProblemList problems)
    {
        if (names.Count == 0)
        {
            return;
        }

        if (!TlsPlatform.HasCipherSuites)
        {
            problems.Consequence(path, "cannot be chosen on this platform, which has a policy for the whole machine; leave it out.", path);
            return;
        }

        var suites = new List<TlsCipherSuite>();
        foreach (var (index, name) in names.Index())
        {
            if (!_known.TryGetValue(name, out var suite))
            {
                problems.Error(
                    $"{path}:{index}",
                    $"no cipher suite '{ScalarReader.Shorten(name)}'; write the name that IANA has registered, such as TLS_AES_256_GCM_SHA384"
                        + DidYouMean.Suffix(Meant(name))
                );
            }
            else if (suites.Contains(suite))
            {
                problems.Error($"{path}:{index}", $"'{suite}' is there twice; remove one.");
            }
            else
            {
                suites.Add(suite);
            }
        }

        if (minimum == TlsVersion.Tls13 && suites.Count > 0 && !suites.Exists(_ofTls13.Contains))
        {
            problems.Consequence(
                path,
                $"has no suite of TLS 1.3, which MinimumVersion asks for; add one of {DidYouMean.List(_ofTls13.Select(static suite => suite.ToString()))}.",
                path
            );
        }
    }

    // Also a name as OpenSSL writes it, such as ECDHE-RSA-AES128-GCM-SHA256.
    private static string? Meant(string name)
    {
        var letters = Letters(name);
        return _known.Keys.FirstOrDefault(known => Letters(known) == letters)
            ?? (name.Length < 100 ? DidYouMean.Find(name, _known.Keys) : null);
    }

    private static string Letters(string name) =>
        string.Concat(name.ToUpperInvariant().Split('_', '-').Where(static part => part is not ("TLS" or "WITH")));
}

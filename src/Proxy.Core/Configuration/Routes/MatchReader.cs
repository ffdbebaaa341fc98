using System.Net;
using Proxy.Configuration.Networks;
using Proxy.Configuration.Reading;
using Proxy.Configuration.Tls;

namespace Proxy.Configuration.Routes;

/// <summary>Reads the conditions of routes; their texts are parsed here only.</summary>
internal static class MatchReader
{
    private const int MaxAlpn = 255;

    // Those of which a client sends a ClientHello.
    private static readonly string[] _withHello = ["Tls", "Postgres"];

    /// <summary>Reads the conditions of a route.</summary>
    /// <param name="match">The section; null if there is none.</param>
    /// <param name="path">Its path.</param>
    /// <param name="canPeek">Whether an endpoint of the proxy accepts its clients, so that their first bytes can be examined.</param>
    /// <param name="names">The known names.</param>
    /// <param name="problems">Receives the problems.</param>
    public static RouteConditions Read(TcpRouteMatchConfig? match, string path, bool canPeek, ConfigNames names, ProblemList problems)
    {
        if (match is null)
        {
            return RouteConditions.None;
        }

        var conditions = new RouteConditions
        {
            SourceNetworks = NetworkList.Read(match.SourceNetworks, $"{path}:SourceNetworks", problems),
            ServerNames = ReadEach<NamePattern>(match.ServerNames, $"{path}:ServerNames", TryReadName, problems, isOnce: true),
            AlpnProtocols = ReadEach<string>(match.AlpnProtocols, $"{path}:AlpnProtocols", TryReadAlpn, problems, isOnce: true),
            Protocols = ReadEach<string>(
                match.Protocols,
                $"{path}:Protocols",
                (text, out value) => TryReadProtocol(text, names, out value),
                problems,
                isOnce: true
            ),
            ClientCertificates = ReadEach<CertificatePattern>(
                match.ClientCertificates,
                $"{path}:ClientCertificates",
                TryReadCertificate,
                problems,
                isOnce: true
            ),
        };
        CheckTogether(conditions, path, canPeek, problems);
        return conditions;
    }

    private delegate string? Reading<T>(string text, out T value);

    private static List<T> ReadEach<T>(IReadOnlyList<string> texts, string path, Reading<T> read, ProblemList problems, bool isOnce = false)
        where T : notnull
    {
        var values = new List<T>();
        var seen = new HashSet<T>();
        foreach (var (index, text) in texts.Index())
        {
            if (read(text, out var value) is { } error)
            {
                problems.Error($"{path}:{index}", error);
            }
            else if (!seen.Add(value) && isOnce)
            {
                problems.Error($"{path}:{index}", $"'{value}' is there twice; remove one.");
            }
            else
            {
                values.Add(value);
            }
        }

        return values;
    }

    private static string? TryReadName(string text, out NamePattern pattern)
    {
        if (NamePattern.TryParse(text, out pattern))
        {
            return null;
        }

        var shown = ScalarReader.Shorten(text);
        return text.Contains('*', StringComparison.Ordinal)
                ? $"'{shown}' is no wildcard; write '*.' and a name, such as '*.example.com', for all names below it."
            : IPAddress.TryParse(text, out _)
                ? $"'{shown}' is an address, of which clients send no name; write a name, or leave ServerNames out."
            : $"'{shown}' is no name of a host; write one such as 'mail.example.com', of letters, digits, '-' and '_' (others as 'xn--…').";
    }

    private static string? TryReadAlpn(string text, out string protocol)
    {
        protocol = text;
        return text.Length is > 0 and <= MaxAlpn && text.All(static letter => letter is > ' ' and <= '~')
            ? null
            : $"'{ScalarReader.Shorten(text)}' is no application protocol; write 1 to {MaxAlpn} visible ASCII characters, such as 'h2'.";
    }

    private static string? TryReadCertificate(string text, out CertificatePattern pattern) =>
        CertificatePattern.TryParse(text, out pattern)
            ? null
            : $"'{ScalarReader.Shorten(text)}' is no name in a certificate; write a DNS name, a URI, an e-mail address or 'CN=' and a common name, "
                + "with one '*' at its beginning or its end for any characters, such as 'spiffe://example.org/*'.";

    private static string? TryReadProtocol(string text, ConfigNames names, out string protocol)
    {
        var known = names.Detectors.FirstOrDefault(name => name.Equals(text, StringComparison.OrdinalIgnoreCase));
        protocol = known ?? text;
        return known is not null
            ? null
            : $"no protocol '{ScalarReader.Shorten(text)}'{DidYouMean.Suffix(text, names.Detectors)} Known protocols: {DidYouMean.List(names.Detectors)}.";
    }

    private static void CheckTogether(RouteConditions conditions, string path, bool canPeek, ProblemList problems)
    {
        if (conditions.NeedsHello && conditions.Protocols.Count > 0 && !_withHello.Any(conditions.HasProtocol))
        {
            problems.Consequence(
                path,
                $"can never match: a client of {string.Join(" or ", conditions.Protocols)} names neither a server nor application protocols, and shows no certificate; "
                    + "remove Protocols, or ServerNames, AlpnProtocols and ClientCertificates.",
                $"{path}:Protocols"
            );
        }

        if (conditions.NeedsBytes && !canPeek)
        {
            problems.Consequence(
                path,
                "examines first bytes, which an endpoint of Kestrel does not give; leave ServerNames, AlpnProtocols and Protocols out, or use Endpoints.",
                path
            );
        }
    }
}

using Proxy.Configuration.Networks;
using Proxy.Configuration.Routes;
using Proxy.Configuration.Tls;

namespace Proxy.Configuration;

/// <summary>
/// The clients that routes take, to tell which later routes get none. Finds every case in which one earlier route takes all that a later one would of a
/// network; that several together take its names or protocols is not noticed.
/// </summary>
internal sealed class TakenClients
{
    private readonly Dictionary<Kind, FirstByNetwork> _kinds = [];

    /// <summary>Adds the clients of a route.</summary>
    public void Add(RouteEntry entry, int index)
    {
        var conditions = entry.Conditions;
        var kind = new Kind(entry.Name, Key(conditions.AlpnProtocols), Key(conditions.Protocols), KeyOf(conditions.ClientCertificates));
        if (!_kinds.TryGetValue(kind, out var networks))
        {
            networks = new FirstByNetwork();
            _kinds.Add(kind, networks);
        }

        networks.Add(entry.Conditions.SourceNetworks, index);
    }

    /// <summary>The route at which the last of an entry's clients has been taken; null if some are left.</summary>
    public int? FindCover(RouteEntry entry)
    {
        var wider = Wider(entry).Select(_kinds.GetValueOrDefault).OfType<FirstByNetwork>().ToList();
        if (wider.Count == 0)
        {
            return null;
        }

        if (entry.Conditions.SourceNetworks.Count == 0)
        {
            return wider.Min(static networks => networks.ForAll);
        }

        int? last = 0;
        foreach (var network in entry.Conditions.SourceNetworks)
        {
            var first = wider.Min(networks => networks.FindCover(network));
            last = first is null || last is null ? null : Math.Max(first.Value, last.Value);
        }

        return last;
    }

    // The kinds of conditions that a client which meets those of the entry meets as well.
    private static IEnumerable<Kind> Wider(RouteEntry entry)
    {
        var conditions = entry.Conditions;
        var alpn = Key(conditions.AlpnProtocols);
        var protocols = Key(conditions.Protocols);
        foreach (var name in Wider(entry.Name))
        {
            foreach (
                var certificates in conditions.ClientCertificates.Count == 0 ? [""] : (string[])["", KeyOf(conditions.ClientCertificates)]
            )
            {
                yield return new(name, alpn, protocols, certificates);
                yield return new(name, "", protocols, certificates);
                yield return new(name, alpn, "", certificates);
                yield return new(name, "", "", certificates);
            }
        }

        if (conditions.NeedsHello && conditions.Protocols.Count == 0)
        {
            yield return new(null, "", "Tls", ""); // only clients of TLS send names and application protocols
        }
    }

    private static IEnumerable<NamePattern?> Wider(NamePattern? name)
    {
        if (name is { } pattern)
        {
            yield return pattern;
            for (var dot = pattern.Name.IndexOf('.', StringComparison.Ordinal); dot >= 0; dot = pattern.Name.IndexOf('.', dot + 1))
            {
                yield return new(pattern.Name[(dot + 1)..], IsWildcard: true);
            }
        }

        yield return null;
    }

    private static string Key(IEnumerable<string> values) => string.Join(' ', values.Order(StringComparer.Ordinal));

    private static string KeyOf(IReadOnlyList<CertificatePattern> patterns) =>
        patterns.Count == 0 ? "" : Key(patterns.Select(static pattern => $"{pattern}"));

    private readonly record struct Kind(NamePattern? Name, string Alpn, string Protocols, string Certificates);
}

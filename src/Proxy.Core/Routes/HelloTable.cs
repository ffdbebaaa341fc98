using System.Net;
using Proxy.Configuration.Routes;

namespace Proxy.Routes;

/// <summary>
/// Routes with conditions for a ClientHello. A look-up costs one probe of a hash table for the name, one for each of its labels and one for each
/// application protocol that the client offers, however many routes there are.
/// </summary>
internal sealed class HelloTable
{
    private readonly Dictionary<string, CandidateTable> _names = new(StringComparer.Ordinal);
    private readonly Dictionary<string, CandidateTable> _wildcards = new(StringComparer.Ordinal);
    private readonly Dictionary<string, CandidateTable> _protocols = new(StringComparer.Ordinal);
    private readonly CandidateTable _any = new(); // routes that need neither, but a certificate

    /// <summary>Adds a route, behind those that were added before.</summary>
    public void Add(RouteEntry entry, HelloCandidate candidate)
    {
        var networks = entry.Conditions.SourceNetworks;
        if (entry.Name is { } name)
        {
            Table(name.IsWildcard ? _wildcards : _names, name.Name).Add(networks, candidate);
            return;
        }

        if (entry.Conditions.AlpnProtocols.Count == 0)
        {
            _any.Add(networks, candidate);
        }

        foreach (var protocol in entry.Conditions.AlpnProtocols)
        {
            Table(_protocols, protocol).Add(networks, candidate);
        }
    }

    /// <summary>The number of the first route that takes a client.</summary>
    /// <param name="client">Its address; null if it has none.</param>
    /// <param name="hello">What it sent.</param>
    /// <returns>The number; null if none of them does.</returns>
    public int? Find(IPAddress? client, in SentHello hello)
    {
        var first = _any.Find(client, hello);
        if (hello.Hello.ServerName is { } name)
        {
            Consider(_names.GetValueOrDefault(name), client, hello, ref first);
            var wildcards = _wildcards.GetAlternateLookup<ReadOnlySpan<char>>();
            for (var dot = name.IndexOf('.', StringComparison.Ordinal); dot >= 0; dot = name.IndexOf('.', dot + 1))
            {
                if (wildcards.TryGetValue(name.AsSpan(dot + 1), out var table))
                {
                    Consider(table, client, hello, ref first);
                }
            }
        }

        if (_protocols.Count > 0)
        {
            foreach (var protocol in hello.Hello.AlpnProtocols)
            {
                Consider(_protocols.GetValueOrDefault(protocol), client, hello, ref first);
            }
        }

        return first;
    }

    private static void Consider(CandidateTable? table, IPAddress? client, in SentHello hello, ref int? first)
    {
        if (table?.Find(client, hello) is { } number && (first is null || number < first))
        {
            first = number;
        }
    }

    private static CandidateTable Table(Dictionary<string, CandidateTable> tables, string key)
    {
        if (!tables.TryGetValue(key, out var table))
        {
            table = new CandidateTable();
            tables.Add(key, table);
        }

        return table;
    }
}

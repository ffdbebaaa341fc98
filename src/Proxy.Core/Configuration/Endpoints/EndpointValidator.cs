using System.Net;
using Proxy.Configuration.Reading;

namespace Proxy.Configuration.Endpoints;

/// <summary>Checks endpoints, apart from their addresses.</summary>
internal static class EndpointValidator
{
    /// <summary>Checks the endpoints.</summary>
    /// <returns>The networks that each endpoint trusts to send PROXY protocol headers, by its id; they are parsed here only.</returns>
    public static IReadOnlyDictionary<string, IReadOnlyList<IPNetwork>> Check(
        IReadOnlyDictionary<string, TcpEndpointConfig> endpoints,
        ProblemList problems
    )
    {
        var trusted = new Dictionary<string, IReadOnlyList<IPNetwork>>(StringComparer.OrdinalIgnoreCase);
        foreach (var (id, endpoint) in endpoints)
        {
            trusted[id] = Check(endpoint.ProxyProtocol, $"ReverseProxy:TcpEndpoints:{id}:ProxyProtocol", problems);
        }

        return trusted;
    }

    private static List<IPNetwork> Check(ProxyProtocolConfig config, string path, ProblemList problems)
    {
        var networks = new List<IPNetwork>();
        foreach (var (index, text) in config.TrustedNetworks.Index())
        {
            if (StrictIp.TryParseNetwork(text, out var network, out var error))
            {
                networks.Add(network);
            }
            else
            {
                problems.Error($"{path}:TrustedNetworks:{index}", error ?? "is wrong.");
            }
        }

        if (config.Accept != ProxyProtocolAccept.Off && config.TrustedNetworks.Count == 0)
        {
            problems.Consequence(
                $"{path}:TrustedNetworks",
                $"is required with Accept {config.Accept}: whoever may send a header may claim any address; name the networks of the load balancers.",
                $"{path}:Accept"
            );
        }

        return networks;
    }
}

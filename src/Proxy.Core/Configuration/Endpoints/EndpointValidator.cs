using System.Net;
using Proxy.Configuration.Networks;
using Proxy.Configuration.Reading;

namespace Proxy.Configuration.Endpoints;

/// <summary>Checks endpoints, apart from their addresses.</summary>
internal static class EndpointValidator
{
    /// <summary>Checks the endpoints.</summary>
    /// <returns>The networks of each endpoint, by its id; they are parsed here only.</returns>
    public static IReadOnlyDictionary<string, EndpointNetworks> Check(
        IReadOnlyDictionary<string, TcpEndpointConfig> endpoints,
        ProblemList problems
    )
    {
        var networks = new Dictionary<string, EndpointNetworks>(StringComparer.OrdinalIgnoreCase);
        foreach (var (id, endpoint) in endpoints)
        {
            var path = $"ReverseProxy:TcpEndpoints:{id}";
            networks[id] = new(
                NetworkRules.Read(endpoint.AllowNetworks, endpoint.DenyNetworks, path, problems),
                Check(endpoint.ProxyProtocol, $"{path}:ProxyProtocol", problems)
            );
        }

        return networks;
    }

    private static IReadOnlyList<IPNetwork> Check(ProxyProtocolConfig config, string path, ProblemList problems)
    {
        var networks = NetworkList.Read(config.TrustedNetworks, $"{path}:TrustedNetworks", problems);
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

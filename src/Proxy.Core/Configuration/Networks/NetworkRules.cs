using System.Net;
using Proxy.Configuration.Reading;

namespace Proxy.Configuration.Networks;

/// <summary>Which networks clients may come from. Immutable.</summary>
internal sealed class NetworkRules
{
    private readonly FirstByNetwork? _allowed;
    private readonly FirstByNetwork? _denied;

    /// <param name="allow">The networks that are allowed; null for all.</param>
    /// <param name="deny">The networks that are denied, even if they are allowed.</param>
    public NetworkRules(IReadOnlyList<IPNetwork>? allow, IReadOnlyList<IPNetwork> deny) =>
        (_allowed, _denied) = (allow is null ? null : Index(allow), deny.Count == 0 ? null : Index(deny));

    /// <summary>The rules that refuse no client.</summary>
    public static NetworkRules None { get; } = new(null, []);

    /// <summary>Whether they refuse no client.</summary>
    public bool AreEmpty => _allowed is null && _denied is null;

    /// <summary>Reads the rules of an endpoint or a route.</summary>
    /// <param name="allow">The list AllowNetworks; null if it is absent.</param>
    /// <param name="deny">The list DenyNetworks.</param>
    /// <param name="path">The path of what has both lists.</param>
    /// <param name="problems">Receives what is wrong.</param>
    public static NetworkRules Read(IReadOnlyList<string>? allow, IReadOnlyList<string> deny, string path, ProblemList problems)
    {
        var denied = NetworkList.Read(deny, $"{path}:DenyNetworks", problems);
        if (allow is null)
        {
            return new(null, denied);
        }

        var allowed = NetworkList.Read(allow, $"{path}:AllowNetworks", problems);
        var rules = new NetworkRules(allowed, denied);
        if (allow.Count == 0)
        {
            problems.Error($"{path}:AllowNetworks", "is empty, which would refuse every client; name networks, or leave it out.");
        }
        else if (allowed.Count == allow.Count && rules._denied is { } all && allowed.All(network => all.FindCover(network) is not null))
        {
            problems.Consequence(
                $"{path}:DenyNetworks",
                "contains all of AllowNetworks, and it wins, so every client would be refused; take networks out of one of both.",
                $"{path}:AllowNetworks"
            );
        }

        return rules;
    }

    /// <summary>The key that refuses a client; null if none does.</summary>
    /// <param name="client">Its address; null for one without, which is in no network.</param>
    public string? Refuses(IPAddress? client) =>
        client is not null && _denied?.Find(client) is not null ? "DenyNetworks"
        : _allowed is not null && (client is null || _allowed.Find(client) is null) ? "AllowNetworks"
        : null;

    private static FirstByNetwork Index(IReadOnlyList<IPNetwork> networks)
    {
        var index = new FirstByNetwork();
        if (networks.Count > 0)
        {
            index.Add(networks, 0); // without networks it would stand for all
        }

        return index;
    }
}

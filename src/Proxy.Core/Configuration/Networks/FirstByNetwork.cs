using System.Net;

namespace Proxy.Configuration.Networks;

/// <summary>The first of numbered routes that takes the clients of a network. Not safe for use by several threads while routes are added.</summary>
internal sealed class FirstByNetwork
{
    private readonly NetworkTable<int> _byNetwork = new();
    private bool _hasNetworks;

    /// <summary>The first route that takes clients from everywhere; null if there is none.</summary>
    public int? ForAll { get; private set; }

    /// <summary>Adds a route.</summary>
    /// <param name="networks">Its networks; empty for clients from everywhere.</param>
    /// <param name="number">Its number.</param>
    public void Add(IReadOnlyList<IPNetwork> networks, int number)
    {
        if (networks.Count == 0)
        {
            ForAll = Least(ForAll, number);
        }

        foreach (var network in networks)
        {
            _hasNetworks = true;
            _byNetwork.Add(network, number);
        }
    }

    /// <summary>The first route that takes a client.</summary>
    /// <param name="client">Its address; null for a client without one, which is in no network.</param>
    public int? Find(IPAddress? client) => client is null || !_hasNetworks ? ForAll : Least(_byNetwork.Find(client), ForAll);

    /// <summary>The first route that takes all clients of a network.</summary>
    public int? FindCover(IPNetwork network) => Least(_byNetwork.FindCover(network), ForAll);

    private static int? Least(int? one, int? other) =>
        one is null ? other
        : other is null ? one
        : Math.Min(one.Value, other.Value);
}

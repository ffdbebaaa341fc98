using System.Net;
using Proxy.Configuration.Networks;

namespace Proxy.Routes;

/// <summary>Routes in order, by the networks of their clients. Not safe for use by several threads while routes are added.</summary>
internal sealed class CandidateTable
{
    private readonly CandidateList _forAll = new();
    private readonly List<CandidateList> _lists = [];
    private readonly NetworkTable<int> _byNetwork = new(); // to the position of a list
    private readonly Dictionary<IPNetwork, int> _positions = [];

    /// <summary>Adds a route, behind those that were added before.</summary>
    public void Add(IReadOnlyList<IPNetwork> networks, HelloCandidate candidate)
    {
        if (networks.Count == 0)
        {
            _forAll.Add(candidate);
        }

        foreach (var network in networks.Distinct())
        {
            if (!_positions.TryGetValue(network, out var position))
            {
                position = _lists.Count;
                _positions.Add(network, position);
                _byNetwork.Add(network, position);
                _lists.Add(new());
            }

            _lists[position].Add(candidate);
        }
    }

    /// <summary>The number of the first route that takes a client.</summary>
    /// <param name="client">Its address; null if it has none.</param>
    /// <param name="hello">What it sent.</param>
    /// <returns>The number; null if none of them does.</returns>
    public int? Find(IPAddress? client, in SentHello hello)
    {
        var first = _forAll.First(hello);
        if (client is null || _lists.Count == 0)
        {
            return first;
        }

        Span<int> positions = stackalloc int[NetworkTable<int>.MostFound];
        foreach (var position in positions[.._byNetwork.FindAll(client, positions)])
        {
            if (_lists[position].First(hello) is { } number && (first is null || number < first))
            {
                first = number;
            }
        }

        return first;
    }
}

using System.Net;
using Proxy.Configuration.Reading;

namespace Proxy.Configuration.Networks;

/// <summary>Reads lists of networks.</summary>
internal static class NetworkList
{
    /// <summary>Reads the networks of a list.</summary>
    /// <param name="texts">What the user wrote.</param>
    /// <param name="path">The path of the list.</param>
    /// <param name="problems">Receives what is wrong.</param>
    /// <returns>Those that are right.</returns>
    public static IReadOnlyList<IPNetwork> Read(IReadOnlyList<string> texts, string path, ProblemList problems)
    {
        var networks = new List<IPNetwork>(texts.Count);
        foreach (var (index, text) in texts.Index())
        {
            if (StrictIp.TryParseNetwork(text, out var network, out var error))
            {
                networks.Add(network);
            }
            else
            {
                problems.Error($"{path}:{index}", error ?? "is wrong.");
            }
        }

        return networks;
    }
}

using Proxy.Configuration.Multiplexing;
using Proxy.Connections;
using Proxy.Multiplexing.Framing;

namespace Proxy.Multiplexing;

/// <summary>A Multiplex route of a revision.</summary>
/// <param name="Cluster">The cluster that it leads to.</param>
/// <param name="Others">The clusters that serve some of its units, by id.</param>
/// <param name="Framer">The framer of its clients; null for that of the destination.</param>
/// <param name="Config">Its section Multiplex.</param>
/// <param name="Deadlines">The time limits of a client's connection. A client that waits for a reply is not idle.</param>
/// <param name="KeepAlive">TCP keep-alive for its clients.</param>
internal sealed record MultiplexRoute(
    MultiplexCluster Cluster,
    IReadOnlyDictionary<string, MultiplexCluster> Others,
    IMessageFramer? Framer,
    MultiplexConfig Config,
    RelayOptions Deadlines,
    KeepAlive KeepAlive
)
{
    private RulesOfFramer _rules = RulesOfFramer.Create(Framer ?? Cluster.Settings.Framer, Config);

    /// <summary>
    /// The rules for requests of clients with a framer. They are built again only if an edit has changed the cluster's protocol.
    /// </summary>
    public IRouteRules? RulesOf(IMessageFramer framer)
    {
        var rules = Volatile.Read(ref _rules);
        if (rules.Framer != framer)
        {
            rules = RulesOfFramer.Create(framer, Config);
            Volatile.Write(ref _rules, rules);
        }

        return rules.Rules;
    }

    private sealed record RulesOfFramer(IMessageFramer Framer, IRouteRules? Rules)
    {
        public static RulesOfFramer Create(IMessageFramer framer, MultiplexConfig config) => new(framer, framer.Rules.RulesOf(config));
    }
}

using Proxy.Configuration.Multiplexing;
using Proxy.Connections;
using Proxy.Multiplexing.Framing;

namespace Proxy.Multiplexing;

/// <summary>A Multiplex route of a revision.</summary>
/// <param name="Cluster">Where it leads.</param>
/// <param name="Others">The clusters that serve units of it, by id.</param>
/// <param name="Framer">What clients speak; null for what the destination speaks.</param>
/// <param name="Config">What clients get.</param>
/// <param name="Deadlines">When a client's connection ends. It is not idle while it is to get a reply.</param>
/// <param name="KeepAlive">TCP keep-alive to clients.</param>
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

    /// <summary>What is made of the requests of clients that speak a protocol. It is built anew only if an edit has changed the cluster's protocol.</summary>
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

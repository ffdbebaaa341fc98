using System.Net;
using Proxy.Configuration.Networks;
using Proxy.Configuration.Routes;
using Proxy.Peeking;
using Proxy.Peeking.Detectors;
using Proxy.Tls.Termination;

namespace Proxy.Routes;

/// <summary>
/// Chooses the first route, in order, that takes a client, once every route before it does not. What that costs does not depend on the number of routes.
/// </summary>
internal sealed class RouteTable
{
    private const int None = int.MaxValue;

    private readonly IReadOnlyList<RouteEntry> _entries;
    private readonly FirstByNetwork _plain = new(); // routes that need no bytes
    private readonly List<FirstByNetwork> _byProtocol = []; // routes that need a protocol alone, by its position in the plan
    private readonly HelloTable _byHello = new();
    private readonly FirstByNetwork _awaitsHello = new(); // all routes that a ClientHello may lead to
    private readonly FirstByNetwork _awaitsPostgres = new(); // and those that one may lead to which PostgreSQL's question precedes

    /// <summary>Indexes routes.</summary>
    /// <param name="entries">In the order in which they are tried.</param>
    /// <param name="detectors">The known protocols.</param>
    /// <param name="timeout">The total time for first bytes.</param>
    public RouteTable(IReadOnlyList<RouteEntry> entries, DetectorRegistry detectors, TimeSpan timeout)
    {
        _entries = entries;
        var asked = new List<IProtocolDetector>();
        var answersPostgres = false;
        foreach (var (number, entry) in entries.Index())
        {
            var conditions = entry.Conditions;
            if (!conditions.NeedsBytes)
            {
                _plain.Add(conditions.SourceNetworks, number);
            }
            else if (conditions.NeedsHello)
            {
                var candidate = new HelloCandidate(number, conditions);
                _byHello.Add(entry, candidate);
                if (candidate.TakesDirect)
                {
                    _awaitsHello.Add(conditions.SourceNetworks, number);
                }

                if (candidate.TakesPostgres)
                {
                    answersPostgres = true;
                    _awaitsPostgres.Add(conditions.SourceNetworks, number);
                }
            }
            else
            {
                foreach (var protocol in conditions.Protocols)
                {
                    ByProtocol(protocol, asked, detectors).Add(conditions.SourceNetworks, number);
                }
            }
        }

        Plan = new(asked, answersPostgres, timeout);
        Peeks = entries.Any(static entry => entry.Conditions.NeedsBytes);
    }

    /// <summary>Whether first bytes may have to be examined.</summary>
    public bool Peeks { get; }

    /// <summary>What is asked of first bytes.</summary>
    public PeekPlan Plan { get; }

    /// <summary>Chooses the route of a client.</summary>
    /// <param name="client">Its address; null if it has none.</param>
    /// <param name="facts">What is known of its first bytes.</param>
    /// <param name="certificate">The names in its certificate; null before the handshake, when each route with conditions for them may take it.</param>
    public RouteDecision Decide(IPAddress? client, ConnectionFacts facts, PeerNames? certificate = null)
    {
        var taking = _plain.Find(client) ?? None;
        if (!Peeks)
        {
            return Chosen(taking, certificate);
        }

        var (waiting, asking) = (None, None);
        for (var i = 0; i < _byProtocol.Count; i++)
        {
            switch (facts.Verdict(i))
            {
                case DetectorVerdict.Yes:
                    taking = Least(taking, _byProtocol[i].Find(client));
                    break;
                case DetectorVerdict.MoreBytes:
                    waiting = Least(waiting, _byProtocol[i].Find(client));
                    break;
                case DetectorVerdict.No:
                default:
                    break;
            }
        }

        if (facts.Hello is { } hello)
        {
            taking = Least(taking, _byHello.Find(client, new(hello, facts.IsPostgresOverTls, certificate)));
        }
        else if (facts.MayHaveHello)
        {
            waiting = Least(waiting, (facts.IsPostgresOverTls ? _awaitsPostgres : _awaitsHello).Find(client));
        }

        switch (facts.Postgres)
        {
            case PostgresRequest.MoreBytes:
                waiting = Least(waiting, _awaitsPostgres.Find(client));
                break;
            case PostgresRequest.Tls or PostgresRequest.Gss:
                asking = Least(asking, _awaitsPostgres.Find(client));
                break;
            case PostgresRequest.None or PostgresRequest.Startup or PostgresRequest.Cancel:
            default:
                break;
        }

        return taking <= Math.Min(waiting, asking) ? Chosen(taking, certificate)
            : waiting < asking ? new(PeekNeed.MoreBytes, null)
            : new(PeekNeed.Answer, null);
    }

    private RouteDecision Chosen(int number, PeerNames? certificate) =>
        number == None
            ? new(PeekNeed.Nothing, null)
            : new(
                PeekNeed.Nothing,
                _entries[number].RouteId,
                certificate is null && _entries[number].Conditions.ClientCertificates.Count > 0
            );

    private FirstByNetwork ByProtocol(string name, List<IProtocolDetector> asked, DetectorRegistry detectors)
    {
        var position = asked.FindIndex(detector => detector.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
        if (position < 0)
        {
            position = asked.Count;
            asked.Add(
                detectors.TryFind(name, out var detector)
                    ? detector
                    : throw new InvalidOperationException($"No protocol is named '{name}'.")
            );
            _byProtocol.Add(new());
        }

        return _byProtocol[position];
    }

    private static int Least(int one, int? other) => Math.Min(one, other ?? None);
}

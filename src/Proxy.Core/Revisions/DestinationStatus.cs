using Proxy.Conditions;
using Proxy.Diagnostics;
using Proxy.Engine;

namespace Proxy.Revisions;

/// <summary>The status of a destination.</summary>
/// <param name="Id">The id of the destination.</param>
/// <param name="Address">Its address; user and query are masked.</param>
/// <param name="Health">Its health.</param>
/// <param name="Drained">Whether an operator keeps new connections and requests from it, here or for all hosts.</param>
/// <param name="Connections">
/// The number of TCP connections to it (including those being dialed), multiplexer clients and HTTP requests.
/// </param>
public sealed record DestinationStatus(string Id, string Address, DestinationHealthStatus Health, bool Drained, int Connections)
{
    /// <summary>Which checks are configured: <c>Off</c>, <c>Active</c>, <c>Passive</c> or <c>ActiveAndPassive</c>.</summary>
    public string Checks { get; init; } = "Off";

    /// <summary>Whether it is drained at this host.</summary>
    public bool DrainedHere { get; init; }

    /// <summary>The operator that has all hosts drain it; null if it is not drained at all hosts.</summary>
    public DrainOrder? DrainedForAll { get; init; }

    /// <summary>Its dials and bytes, those of open TCP connections included; null where that is not asked for.</summary>
    public DestinationTraffic? Traffic { get; init; }

    /// <summary>How well it works; null where that is not asked for.</summary>
    public Condition? Condition { get; init; }
}

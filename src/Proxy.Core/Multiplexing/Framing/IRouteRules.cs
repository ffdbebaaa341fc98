namespace Proxy.Multiplexing.Framing;

/// <summary>
/// The rules that one route applies to its clients' requests, in one framing. They keep no state, and throw no exception, whatever the
/// bytes.
/// </summary>
public interface IRouteRules
{
    /// <summary>Decides whether a request is sent.</summary>
    /// <param name="request">The request as the client sent it.</param>
    /// <returns>The decision.</returns>
    RequestVerdict Judge(ReadOnlySpan<byte> request) => RequestVerdict.Allow;

    /// <summary>Finds the cluster that serves a unit.</summary>
    /// <param name="unit">The unit in the client's request.</param>
    /// <returns>The id of the cluster; null for the route's own cluster.</returns>
    string? ClusterOf(ushort unit) => null;

    /// <summary>Maps a unit to the one that the destination is asked for.</summary>
    /// <param name="unit">The unit in the client's request.</param>
    /// <returns>The unit in the request to the destination.</returns>
    ushort UnitFor(ushort unit) => unit;
}

namespace Proxy.Multiplexing.Framing;

/// <summary>What one route makes of its clients' requests, in one framing. It keeps no state, and does not throw, whatever the bytes.</summary>
public interface IRouteRules
{
    /// <summary>Says what becomes of a request.</summary>
    /// <param name="request">The request as the client sent it.</param>
    /// <returns>Whether it is sent on.</returns>
    RequestVerdict Judge(ReadOnlySpan<byte> request) => RequestVerdict.Allow;

    /// <summary>Finds the cluster that serves a unit.</summary>
    /// <param name="unit">The unit that the client asks for.</param>
    /// <returns>The id of the cluster; null for the route's own.</returns>
    string? ClusterOf(ushort unit) => null;

    /// <summary>Finds the unit that is asked in place of another.</summary>
    /// <param name="unit">The unit that the client asks for.</param>
    /// <returns>The unit that the destination is asked for.</returns>
    ushort UnitFor(ushort unit) => unit;
}

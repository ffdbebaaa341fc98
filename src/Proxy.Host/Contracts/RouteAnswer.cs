namespace Proxy.Host.Contracts;

/// <summary>A route, and what went through it since the start.</summary>
/// <param name="Id">The id.</param>
/// <param name="Mode">Forward, Lock or Multiplex; Http for YARP's.</param>
/// <param name="Endpoints">The endpoints it is reached by.</param>
/// <param name="ClusterId">The cluster it leads to; null when it leads to a connector.</param>
internal sealed record RouteAnswer(string Id, string Mode, IReadOnlyList<string> Endpoints, string? ClusterId)
{
    /// <summary>The connector of channels it leads to.</summary>
    public string? Connector { get; init; }

    /// <summary>Connections that are open.</summary>
    public int Connections { get; init; }

    /// <summary>Connections that have ended, by outcome.</summary>
    public IReadOnlyDictionary<string, long> Ended { get; init; } = new Dictionary<string, long>();

    /// <summary>Bytes from clients.</summary>
    public long BytesIn { get; init; }

    /// <summary>Bytes to clients.</summary>
    public long BytesOut { get; init; }
}

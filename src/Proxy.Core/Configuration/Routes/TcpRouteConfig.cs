using Proxy.Configuration.Locking;
using Proxy.Configuration.Multiplexing;
using Proxy.Configuration.Reading;

namespace Proxy.Configuration.Routes;

/// <summary>Which TCP connections go where, and how.</summary>
[NotAvailableYet("Tls", "Limits")]
public sealed record TcpRouteConfig
{
    /// <summary>The address to listen on, for a route without a TcpEndpoint.</summary>
    public string? Listen { get; init; }

    /// <summary>Which connections of which endpoints this route takes; instead of Listen.</summary>
    public TcpRouteMatchConfig? Match { get; init; }

    /// <summary>Lower is tried first; then the more specific route, then the id.</summary>
    public int Order { get; init; }

    /// <summary>The cluster to connect to.</summary>
    public string? ClusterId { get; init; }

    /// <summary>Instead of a cluster: the connector of a channel that calls, whose members are connected to through tunnels.</summary>
    public string? Connector { get; init; }

    /// <summary>What happens to a connection.</summary>
    public TcpMode Mode { get; init; }

    /// <summary>The queue and its hooks, for Mode Lock.</summary>
    public LockConfig? Lock { get; init; }

    /// <summary>What clients get, for Mode Multiplex.</summary>
    public MultiplexConfig? Multiplex { get; init; }

    /// <summary>Ends a connection after this long without a byte either way.</summary>
    [AllowNone]
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Ends a connection this long after one side has finished sending.</summary>
    [AllowNone]
    public TimeSpan HalfCloseTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The longest life of a connection, less up to 10 % jitter.</summary>
    [AllowNone]
    public TimeSpan MaxDuration { get; init; } = Timeout.InfiniteTimeSpan;

    /// <summary>How long connections may go on after their route has gone; zero closes at once.</summary>
    [AllowNone, AllowZero]
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>TCP keep-alive probes, on both sides.</summary>
    public KeepAliveConfig KeepAlive { get; init; } = new();

    /// <summary>Whether each connection is written to the access log.</summary>
    public bool AccessLog { get; init; } = true;

    /// <summary>Free keys and values for extensions.</summary>
    public IReadOnlyDictionary<string, string> Metadata
    {
        get;
        init => field = ById.Copy(value);
    } = ById.Empty<string>();
}

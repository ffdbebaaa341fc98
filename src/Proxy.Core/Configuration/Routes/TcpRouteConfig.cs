using Proxy.Configuration.Locking;
using Proxy.Configuration.Multiplexing;
using Proxy.Configuration.Reading;
using Proxy.Configuration.Tls;

namespace Proxy.Configuration.Routes;

/// <summary>A TCP route: which connections it takes, and what it does with them.</summary>
[WrittenElsewhere("Address", "write where to listen as Listen; where to connect is the Address of a destination of the cluster.")]
[WrittenElsewhere("Port", "the port is part of Listen, such as *:5432.")]
[WrittenElsewhere("Destinations", "they belong to a cluster, which the route names by ClusterId.")]
[WrittenElsewhere("Endpoints", """it belongs under Match: "Match": { "Endpoints": ["id"] }.""")]
[WrittenElsewhere("SourceNetworks", "it belongs under Match.")]
public sealed record TcpRouteConfig
{
    private readonly TimeSpan? _halfCloseTimeout;

    /// <summary>The address to listen on, for a route without a TcpEndpoint.</summary>
    public string? Listen { get; init; }

    /// <summary>The conditions for connections of TcpEndpoints; instead of Listen.</summary>
    public TcpRouteMatchConfig? Match { get; init; }

    /// <summary>The order; routes with lower values are tried first, then more specific ones, then by id.</summary>
    public int Order { get; init; }

    /// <summary>The id of the cluster to connect to.</summary>
    public string? ClusterId { get; init; }

    /// <summary>Instead of a cluster: a connector that a channel here calls, whose members are connected through tunnels.</summary>
    public string? Connector { get; init; }

    /// <summary>What the route does with a connection.</summary>
    public TcpMode Mode { get; init; }

    /// <summary>The queue and its hooks, for Mode Lock.</summary>
    public LockConfig? Lock { get; init; }

    /// <summary>How clients are served, for Mode Multiplex.</summary>
    public MultiplexConfig? Multiplex { get; init; }

    /// <summary>How TLS is terminated; absent passes bytes through untouched.</summary>
    public RouteTlsConfig? Tls { get; init; }

    /// <summary>Ends a connection after this time without a byte in either direction.</summary>
    [AllowNone]
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Ends a connection after this time since one side has finished sending; absent means 5 minutes, and 1 minute with Mode Lock.</summary>
    [AllowNone]
    public TimeSpan HalfCloseTimeout
    {
        // A client that holds a permit has said that it is done, and others wait for the service to agree.
        get => _halfCloseTimeout ?? TimeSpan.FromMinutes(Mode == TcpMode.Lock ? 1 : 5);
        init => _halfCloseTimeout = value;
    }

    /// <summary>Whether HalfCloseTimeout is written.</summary>
    internal bool HasHalfCloseTimeout => _halfCloseTimeout is not null;

    /// <summary>The maximum duration of a connection, shortened by up to 10 % at random.</summary>
    [AllowNone]
    public TimeSpan MaxDuration { get; init; } = Timeout.InfiniteTimeSpan;

    /// <summary>How long connections may continue after their route was removed; zero resets them immediately.</summary>
    [AllowNone, AllowZero]
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>TCP keep-alive probes, on both sides.</summary>
    public KeepAliveConfig KeepAlive { get; init; } = new();

    /// <summary>Limits on the clients of the route.</summary>
    public RouteLimitsConfig? Limits { get; init; }

    /// <summary>Whether each connection is written to the access log.</summary>
    public bool AccessLog { get; init; } = true;

    /// <summary>Arbitrary keys and values for extensions.</summary>
    public IReadOnlyDictionary<string, string> Metadata
    {
        get;
        init => field = ById.Copy(value);
    } = ById.Empty<string>();
}

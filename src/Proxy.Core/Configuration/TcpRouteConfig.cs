namespace Proxy.Configuration;

/// <summary>What is done with TCP connections.</summary>
public sealed record TcpRouteConfig
{
    /// <summary>An address of its own; this or Match:Endpoints.</summary>
    public string? Listen { get; init; }

    /// <summary>Which connections it takes.</summary>
    public TcpRouteMatchConfig? Match { get; init; }

    /// <summary>Lower is tried first.</summary>
    public int Order { get; init; }

    /// <summary>The cluster.</summary>
    public string? ClusterId { get; init; }

    /// <summary>Not available yet.</summary>
    [NotAvailableYet]
    public object? Connector { get; init; }

    /// <summary>What the route does.</summary>
    public TcpMode Mode { get; init; }

    /// <summary>Not available yet.</summary>
    [NotAvailableYet]
    public object? Tls { get; init; }

    /// <summary>No byte either way for so long ends a connection.</summary>
    [AllowNone]
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How long one side may go on after the other's FIN.</summary>
    [AllowNone]
    public TimeSpan HalfCloseTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The longest life of a connection, less up to 10 %.</summary>
    [AllowNone]
    public TimeSpan MaxDuration { get; init; } = Timeout.InfiniteTimeSpan;

    /// <summary>How long connections may go on when the route is removed or the host stops.</summary>
    [AllowNone]
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>TCP keep-alive on both sides.</summary>
    public KeepAliveConfig KeepAlive { get; init; } = new();

    /// <summary>Not available yet.</summary>
    [NotAvailableYet]
    public object? Limits { get; init; }

    /// <summary>Not available yet.</summary>
    [NotAvailableYet]
    public object? Lock { get; init; }

    /// <summary>Not available yet.</summary>
    [NotAvailableYet]
    public object? Multiplex { get; init; }

    /// <summary>Whether connections get their line in the access log.</summary>
    public bool AccessLog { get; init; } = true;

    /// <summary>Notes of yours.</summary>
    public IReadOnlyDictionary<string, string?> Metadata { get; init; } = new Dictionary<string, string?>();
}

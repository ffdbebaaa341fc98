using System.Text.Json;

namespace Proxy.Configuration;

/// <summary>The whole document.</summary>
public sealed record ProxyConfig
{
    /// <summary>The TCP endpoints and routes, and YARP's routes and clusters.</summary>
    public ReverseProxyConfig ReverseProxy { get; init; } = new();

    /// <summary>Not available yet.</summary>
    [NotAvailableYet]
    public object? Channels { get; init; }

    /// <summary>Which transport carries TCP connections; applies at start.</summary>
    public TransportConfig Transport { get; init; } = new();

    /// <summary>How long connections are still accepted after SIGTERM.</summary>
    public TimeSpan ShutdownDelay { get; init; }

    /// <summary>The HTTP endpoints, as in any ASP.NET Core app; applies at start.</summary>
    public JsonElement? Kestrel { get; init; }

    /// <summary>The admin endpoint; none without. Applies at start.</summary>
    public AdminConfig? Admin { get; init; }

    /// <summary>What is logged, and where.</summary>
    public LogConfig Log { get; init; } = new();

    /// <summary>The built-in upstreams.</summary>
    public DemoConfig Demo { get; init; } = new();
}

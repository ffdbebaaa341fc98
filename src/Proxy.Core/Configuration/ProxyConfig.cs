using System.Text.Json.Serialization;
using Proxy.Configuration.Channels;
using Proxy.Configuration.Engine;
using Proxy.Configuration.Host;
using Proxy.Configuration.Reading;
using Proxy.Configuration.Routes;

namespace Proxy.Configuration;

/// <summary>The whole configuration document.</summary>
[OthersAddKeys]
public sealed record ProxyConfig
{
    /// <summary>The JSON schema by which an editor checks this file.</summary>
    [JsonPropertyName("$schema")]
    public string? Schema { get; init; }

    /// <summary>Endpoints, routes and clusters, for TCP and, as in YARP, for HTTP.</summary>
    public ReverseProxyConfig ReverseProxy { get; init; } = new();

    /// <summary>The transport of TCP connections; applied at start only.</summary>
    public TransportConfig Transport { get; init; } = new();

    /// <summary>How long to continue accepting after SIGTERM, until the load balancer in front stops sending connections.</summary>
    [AllowZero]
    public TimeSpan ShutdownDelay { get; init; }

    /// <summary>Kestrel's HTTP endpoints and limits, with the keys of any ASP.NET Core application; applied at start only.</summary>
    public KestrelConfig? Kestrel { get; init; }

    /// <summary>Health, metrics and the admin API; absent means none of them. Applied at start only.</summary>
    public AdminConfig? Admin { get; init; }

    /// <summary>Channels, which connect legacy programs on many hosts; absent means none.</summary>
    public ChannelsConfig? Channels { get; init; }

    /// <summary>The engine that hosts share; absent means none. Applied at start only.</summary>
    public EngineConfig? Engine { get; init; }

    /// <summary>The access log.</summary>
    public LogConfig Log { get; init; } = new();

    /// <summary>The log levels of the program's own messages on standard error.</summary>
    public LoggingConfig Logging { get; init; } = new();

    /// <summary>What is exported to OpenTelemetry receivers; applied at start only.</summary>
    public TelemetryConfig Telemetry { get; init; } = new();

    /// <summary>The built-in demonstration.</summary>
    public DemoConfig Demo { get; init; } = new();
}

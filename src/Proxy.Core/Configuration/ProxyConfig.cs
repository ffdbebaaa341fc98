using System.Text.Json;
using System.Text.Json.Serialization;
using Proxy.Configuration.Channels;
using Proxy.Configuration.Host;
using Proxy.Configuration.Reading;
using Proxy.Configuration.Routes;

namespace Proxy.Configuration;

/// <summary>The whole configuration document.</summary>
[OthersAddKeys]
public sealed record ProxyConfig
{
    /// <summary>The JSON schema an editor checks this file with.</summary>
    [JsonPropertyName("$schema")]
    public string? Schema { get; init; }

    /// <summary>Endpoints, routes and clusters, TCP beside YARP's own.</summary>
    public ReverseProxyConfig ReverseProxy { get; init; } = new();

    /// <summary>The socket transport; applied at start only.</summary>
    public TransportConfig Transport { get; init; } = new();

    /// <summary>How long to keep accepting after SIGTERM, while the balancer in front takes us out.</summary>
    [AllowZero]
    public TimeSpan ShutdownDelay { get; init; }

    /// <summary>Kestrel's HTTP endpoints, as in any ASP.NET Core application; applied at start only.</summary>
    [KestrelContent]
    public JsonElement? Kestrel { get; init; }

    /// <summary>Health, metrics and the admin API; absent means there is none. Applied at start only.</summary>
    public AdminConfig? Admin { get; init; }

    /// <summary>Legacy programs on many hosts, joined; absent means there is none.</summary>
    public ChannelsConfig? Channels { get; init; }

    /// <summary>What is logged, and where.</summary>
    public LogConfig Log { get; init; } = new();

    /// <summary>How much of its own doings the program tells on standard error.</summary>
    public LoggingConfig Logging { get; init; } = new();

    /// <summary>The built-in demonstration.</summary>
    public DemoConfig Demo { get; init; } = new();
}

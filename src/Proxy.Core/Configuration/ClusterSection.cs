using System.Text.Json;

namespace Proxy.Configuration;

/// <summary>A cluster. YARP's keys are listed so that a misspelt one is an error; YARP's own reader gives them meaning.</summary>
public sealed record ClusterSection
{
    /// <summary>How a destination is chosen.</summary>
    public string? LoadBalancingPolicy { get; init; }

    /// <summary>HTTP only.</summary>
    public JsonElement? SessionAffinity { get; init; }

    /// <summary>Active and passive health checks.</summary>
    public JsonElement? HealthCheck { get; init; }

    /// <summary>HTTP only.</summary>
    public JsonElement? HttpClient { get; init; }

    /// <summary>HTTP only.</summary>
    public JsonElement? HttpRequest { get; init; }

    /// <summary>What concerns TCP connections.</summary>
    public TcpClusterConfig Tcp { get; init; } = new();

    /// <summary>Not available yet.</summary>
    [NotAvailableYet]
    public object? Multiplex { get; init; }

    /// <summary>The destinations, by id.</summary>
    public IReadOnlyDictionary<string, DestinationSection> Destinations
    {
        get;
        init => field = Ids.Of(value);
    } = Ids.None<DestinationSection>();

    /// <summary>Free.</summary>
    public JsonElement? Metadata { get; init; }
}

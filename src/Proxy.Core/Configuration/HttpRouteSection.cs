using System.Text.Json;

namespace Proxy.Configuration;

/// <summary>A route of YARP.</summary>
public sealed record HttpRouteSection
{
    /// <summary>What it matches.</summary>
    public JsonElement? Match { get; init; }

    /// <summary>Lower is tried first.</summary>
    public int? Order { get; init; }

    /// <summary>The cluster.</summary>
    public string? ClusterId { get; init; }

    /// <summary>YARP's.</summary>
    public string? AuthorizationPolicy { get; init; }

    /// <summary>YARP's.</summary>
    public string? RateLimiterPolicy { get; init; }

    /// <summary>YARP's.</summary>
    public string? TimeoutPolicy { get; init; }

    /// <summary>YARP's.</summary>
    public string? CorsPolicy { get; init; }

    /// <summary>YARP's.</summary>
    public string? OutputCachePolicy { get; init; }

    /// <summary>The time for a request.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Bytes; -1 for no limit.</summary>
    public long? MaxRequestBodySize { get; init; }

    /// <summary>Free.</summary>
    public JsonElement? Metadata { get; init; }

    /// <summary>Free.</summary>
    public JsonElement? Transforms { get; init; }
}

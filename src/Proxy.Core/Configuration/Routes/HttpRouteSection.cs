using Proxy.Configuration.Reading;
using Yarp.ReverseProxy.Configuration;

namespace Proxy.Configuration.Routes;

/// <summary>An HTTP route: YARP's own keys, listed so that a misspelt one is an error.</summary>
public sealed record HttpRouteSection
{
    /// <summary>The cluster to send requests to.</summary>
    public string? ClusterId { get; init; }

    /// <summary>The order; routes with lower values are tried first.</summary>
    public int? Order { get; init; }

    /// <summary>The conditions for requests.</summary>
    public RouteMatch? Match { get; init; }

    /// <summary>The largest request body in bytes; -1 means no limit.</summary>
    public long? MaxRequestBodySize { get; init; }

    /// <summary>The name of an authorization policy.</summary>
    [NeedsCode]
    public string? AuthorizationPolicy { get; init; }

    /// <summary>The name of a CORS policy.</summary>
    [NeedsCode]
    public string? CorsPolicy { get; init; }

    /// <summary>The name of a rate limiter policy.</summary>
    [NeedsCode]
    public string? RateLimiterPolicy { get; init; }

    /// <summary>The name of an output cache policy.</summary>
    [NeedsCode]
    public string? OutputCachePolicy { get; init; }

    /// <summary>The name of a request timeout policy.</summary>
    [NeedsCode]
    public string? TimeoutPolicy { get; init; }

    /// <summary>The time limit of a whole request, including the response.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>YARP's transforms, in order.</summary>
    public IReadOnlyList<IReadOnlyDictionary<string, string>>? Transforms { get; init; }

    /// <summary>Arbitrary keys and values for extensions.</summary>
    public IReadOnlyDictionary<string, string> Metadata
    {
        get;
        init => field = ById.Copy(value);
    } = ById.Empty<string>();
}

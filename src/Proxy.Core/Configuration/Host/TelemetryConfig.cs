namespace Proxy.Configuration.Host;

/// <summary>What is exported to OpenTelemetry receivers, which environment variables name.</summary>
public sealed record TelemetryConfig
{
    /// <summary>Whether active health checks have spans of their own, one for each cluster and destination and check.</summary>
    public bool HealthCheckSpans { get; init; }
}

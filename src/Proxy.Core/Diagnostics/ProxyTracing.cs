using System.Diagnostics;

namespace Proxy.Diagnostics;

/// <summary>The source of spans: one per TCP connection, whose events are what happens before bytes flow.</summary>
public static class ProxyTracing
{
    /// <summary>The name of the <see cref="ActivitySource"/>, for OpenTelemetry's <c>AddSource</c>.</summary>
    public const string SourceName = "Proxy";

    /// <summary>The name of a connection's span. Once the route is known, its display name ends with the route.</summary>
    public const string ConnectionSpanName = "proxy.connection";

    internal static ActivitySource Source { get; } = new(SourceName, typeof(ProxyTracing).Assembly.GetName().Version?.ToString(3));
}

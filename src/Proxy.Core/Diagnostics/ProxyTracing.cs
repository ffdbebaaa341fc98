using System.Diagnostics;

namespace Proxy.Diagnostics;

/// <summary>The source of spans: one per TCP connection, with what happens to it before bytes flow as events.</summary>
public static class ProxyTracing
{
    /// <summary>The name of the <see cref="ActivitySource"/>, for <c>AddSource</c> of OpenTelemetry.</summary>
    public const string SourceName = "Proxy";

    /// <summary>The name of a connection's span. Once the route is known, it is shown behind it.</summary>
    public const string ConnectionSpanName = "proxy.connection";

    internal static ActivitySource Source { get; } = new(SourceName, typeof(ProxyTracing).Assembly.GetName().Version?.ToString(3));
}

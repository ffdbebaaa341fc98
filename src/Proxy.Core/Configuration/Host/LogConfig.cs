namespace Proxy.Configuration.Host;

/// <summary>What is logged, and where.</summary>
public sealed record LogConfig
{
    /// <summary>One line per connection.</summary>
    public AccessLogConfig Access { get; init; } = new();
}

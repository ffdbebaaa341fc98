namespace Proxy.Configuration.Host;

/// <summary>The access log.</summary>
public sealed record LogConfig
{
    /// <summary>The access log, with one line per connection.</summary>
    public AccessLogConfig Access { get; init; } = new();
}

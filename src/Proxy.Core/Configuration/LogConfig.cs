namespace Proxy.Configuration;

/// <summary>Logs.</summary>
public sealed record LogConfig
{
    /// <summary>One line per connection.</summary>
    public AccessLogConfig Access { get; init; } = new();
}

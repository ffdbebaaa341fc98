namespace Proxy.Configuration;

/// <summary>The access log.</summary>
public sealed record AccessLogConfig
{
    /// <summary>The file to append to; absent means standard output.</summary>
    public string? Path { get; init; }

    /// <summary>How a line looks.</summary>
    public AccessLogFormat Format { get; init; }
}

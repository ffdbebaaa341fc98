namespace Proxy.Configuration;

/// <summary>The access log.</summary>
public sealed record AccessLogConfig
{
    /// <summary>A file to append to; standard output without.</summary>
    public string? Path { get; init; }

    /// <summary>How a line looks.</summary>
    public AccessLogFormat Format { get; init; }
}

namespace Proxy.Configuration.Host;

/// <summary>How a line of the access log looks.</summary>
public enum AccessLogFormat
{
    /// <summary>One JSON object per line.</summary>
    Json,

    /// <summary>Plain text.</summary>
    Text,
}

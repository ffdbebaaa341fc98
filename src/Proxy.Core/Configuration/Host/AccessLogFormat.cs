namespace Proxy.Configuration.Host;

/// <summary>The format of a line of the access log.</summary>
public enum AccessLogFormat
{
    /// <summary>One JSON object per line.</summary>
    Json,

    /// <summary>Plain text.</summary>
    Text,
}

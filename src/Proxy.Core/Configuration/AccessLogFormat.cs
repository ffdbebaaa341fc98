namespace Proxy.Configuration;

/// <summary>How a line of the access log looks.</summary>
public enum AccessLogFormat
{
    /// <summary>A JSON object.</summary>
    Json,

    /// <summary>Text.</summary>
    Text,
}

namespace Proxy.Diagnostics;

/// <summary>The event that a line of the access log reports.</summary>
internal enum AccessLogEvent
{
    /// <summary>The route of the connection was chosen.</summary>
    Start,

    /// <summary>The connection is still open; the line has its bytes so far.</summary>
    Progress,

    /// <summary>The connection has ended.</summary>
    End,
}

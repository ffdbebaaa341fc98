namespace Proxy.Diagnostics;

/// <summary>What a line of the access log tells.</summary>
internal enum AccessLogEvent
{
    /// <summary>The connection's route was chosen.</summary>
    Start,

    /// <summary>It is open, and has carried so many bytes so far.</summary>
    Progress,

    /// <summary>It has ended.</summary>
    End,
}

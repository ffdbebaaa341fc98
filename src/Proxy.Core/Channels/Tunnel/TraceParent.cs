using System.Diagnostics;

namespace Proxy.Channels.Tunnel;

/// <summary>W3C Trace Context, version 00: <c>00-{trace id}-{span id}-{flags}</c>.</summary>
internal static class TraceParent
{
    private const int Length = 55;
    private const string Version = "00-";

    public static string Write(ActivityContext context) =>
        $"{Version}{context.TraceId}-{context.SpanId}-{((context.TraceFlags & ActivityTraceFlags.Recorded) != 0 ? "01" : "00")}";

    /// <summary>
    /// Reads the header of a peer. Anything malformed counts as absent, since a trace is no reason to refuse a connection.
    /// </summary>
    public static ActivityContext Read(string? text) =>
        text is { Length: Length } // a version that is not known here has another length, too
        && text.StartsWith(Version, StringComparison.Ordinal)
        && ActivityContext.TryParse(text, traceState: null, isRemote: true, out var context)
            ? context
            : default;
}

namespace Proxy.Host.Tests.EndToEnd.Telemetry.Otlp;

/// <summary>A span that the receiver got.</summary>
internal sealed record ReceivedSpan(
    string Source,
    string Name,
    string TraceId,
    string SpanId,
    string ParentId,
    int Kind,
    int Status,
    Dictionary<string, object?> Tags,
    List<ReceivedEvent> Events,
    Dictionary<string, object?> Resource
)
{
    public const int Server = 2;
    public const int Error = 2;

    /// <summary>Reads an ExportTraceServiceRequest. Field numbers: resource spans 1 (resource 1, scope spans 2 (scope 1, spans 2)).</summary>
    public static IEnumerable<ReceivedSpan> Read(ProtoMessage request) =>
        from resource in request.Messages(1)
        let about = resource.Messages(1).Single().Attributes(1)
        from scope in resource.Messages(2)
        from span in scope.Messages(2)
        select new ReceivedSpan(
            scope.Messages(1).Single().Text(1),
            span.Text(5),
            span.Hex(1),
            span.Hex(2),
            span.Hex(4),
            (int)span.Number(6),
            (int)span.Messages(15).Select(static status => status.Number(3)).FirstOrDefault(),
            span.Attributes(9),
            [.. span.Messages(11).Select(static happened => new ReceivedEvent(happened.Text(2), happened.Attributes(3)))],
            about
        );
}

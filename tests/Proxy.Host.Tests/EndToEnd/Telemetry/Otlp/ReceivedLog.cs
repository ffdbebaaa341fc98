namespace Proxy.Host.Tests.EndToEnd.Telemetry.Otlp;

/// <summary>A log record that the receiver got.</summary>
internal sealed record ReceivedLog(string Category, string Level, string? Text, string TraceId, string SpanId)
{
    /// <summary>Reads an ExportLogsServiceRequest. Field numbers: resource logs 1 (scope logs 2 (scope 1, records 2)).</summary>
    public static IEnumerable<ReceivedLog> Read(ProtoMessage request) =>
        from resource in request.Messages(1)
        from scope in resource.Messages(2)
        from record in scope.Messages(2)
        select new ReceivedLog(
            scope.Messages(1).Select(static one => one.Text(1)).FirstOrDefault("") ?? "",
            record.Text(3),
            record.Messages(5).Single().Any() as string,
            record.Hex(9),
            record.Hex(10)
        );
}

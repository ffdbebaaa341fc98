namespace Proxy.Diagnostics;

/// <summary>The last 200 ends that were not as they should be, in fixed memory. Thread-safe.</summary>
/// <param name="time">The clock.</param>
internal sealed class RecentEnds(TimeProvider time)
{
    /// <summary>How many are kept.</summary>
    public const int Most = 200;

    private const int MostCharacters = 200;

    private readonly Lock _gate = new(); // guards both fields below
    private readonly RecentEnd?[] _ends = new RecentEnd?[Most];
    private long _next;

    /// <summary>Those that are kept, newest first.</summary>
    public IReadOnlyList<RecentEnd> List
    {
        get
        {
            lock (_gate)
            {
                return [.. Enumerable.Range(1, (int)Math.Min(_next, Most)).Select(back => _ends[(_next - back) % Most]!)];
            }
        }
    }

    public void Add(ConnectionRecord record, ConnectionOutcome outcome) =>
        Keep(
            new(
                time.GetUtcNow(),
                record.Id,
                outcome,
                record.RouteId,
                record.ClusterId,
                record.DestinationId,
                record.Client?.ToString(),
                record.Elapsed,
                record.ClientBytes,
                record.UpstreamBytes
            )
            {
                Endpoint = record.EndpointId,
                Queued = record.Queued,
                Connecting = record.Connecting,
            }
        );

    public void Add(RequestRecord request) =>
        Keep(
            new(
                time.GetUtcNow(),
                request.Id,
                request.Outcome,
                request.RouteId,
                request.ClusterId,
                request.DestinationId,
                request.Client?.ToString(),
                request.Duration,
                request.BytesIn,
                request.BytesOut
            )
            {
                Request = Shorten($"{request.Method} {request.Path}"),
                Status = request.Status,
                Reason = request.Reason is { } reason ? Shorten(reason) : null,
            }
        );

    private static string Shorten(string text) => text.Length > MostCharacters ? text[..MostCharacters] : text;

    private void Keep(RecentEnd end)
    {
        lock (_gate)
        {
            _ends[_next++ % Most] = end;
        }
    }
}

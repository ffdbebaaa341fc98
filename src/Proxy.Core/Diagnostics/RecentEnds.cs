namespace Proxy.Diagnostics;

/// <summary>
/// The last 200 ends that failed a client and the last 200 others that were not as they should be, in fixed memory: any number of clients that are denied or
/// reset displaces no failure. Thread-safe.
/// </summary>
/// <param name="time">The clock.</param>
internal sealed class RecentEnds(TimeProvider time)
{
    /// <summary>How many of each kind are kept.</summary>
    public const int Most = 200;

    private const int MostCharacters = 200;

    private readonly Lock _gate = new(); // guards all fields below
    private readonly Ring _failures = new();
    private readonly Ring _others = new();
    private long _added;

    /// <summary>Those that are kept, newest first.</summary>
    public IReadOnlyList<RecentEnd> List
    {
        get
        {
            lock (_gate)
            {
                return
                [
                    .. _failures
                        .Entries.Concat(_others.Entries)
                        .OrderByDescending(static entry => entry.Number)
                        .Select(static entry => entry.End),
                ];
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
                Failed = outcome.CountsAgainstRoute(),
                Endpoint = record.EndpointId,
                Queued = record.Queued,
                Connecting = record.Connecting,
                Reason = outcome.IsTlsFailure() && record.TlsError is { } error ? Shorten(error) : null,
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
                Failed = request.HasFailed,
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
            (end.Failed ? _failures : _others).Add(_added++, end);
        }
    }

    private sealed class Ring
    {
        private readonly (long Number, RecentEnd End)[] _entries = new (long, RecentEnd)[Most];
        private long _next;

        public IEnumerable<(long Number, RecentEnd End)> Entries => _entries.Take((int)Math.Min(_next, Most));

        public void Add(long number, RecentEnd end) => _entries[_next++ % Most] = (number, end);
    }
}

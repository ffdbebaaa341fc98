using Proxy.Diagnostics;
using Proxy.Host.Contracts;
using Proxy.Revisions;

namespace Proxy.Host.Admin.Connections;

/// <summary>
/// Reads one page of the open connections. It looks at each connection once, takes no lock that proxied connections need, and holds no
/// more connections than the page has.
/// </summary>
internal sealed class ConnectionPager
{
    public const int MaxLimit = 1000;

    private const int DefaultLimit = 100;
    private static readonly Comparer<ConnectionRank> _lastFirst = Comparer<ConnectionRank>.Create(
        static (one, other) => other.CompareTo(one)
    );

    private readonly ConnectionFilter _filter;
    private readonly ConnectionSort _sort;
    private readonly int _limit;
    private readonly ConnectionRank? _after;

    private ConnectionPager(ConnectionFilter filter, ConnectionSort sort, int limit, ConnectionRank? after) =>
        (_filter, _sort, _limit, _after) = (filter, sort, limit, after);

    public static bool TryCreate(ConnectionQuery query, out ConnectionPager? pager, out string? error)
    {
        var limit = query.Limit ?? DefaultLimit;
        var sort = default(ConnectionSort);
        var sorted =
            query.Sort is null
            || (
                Enum.TryParse(query.Sort, ignoreCase: true, out sort)
                && sort.ToString().Equals(query.Sort, StringComparison.OrdinalIgnoreCase)
            );
        var after = sorted && query.After is { } cursor ? ConnectionRank.FromCursor(sort, cursor) : null;
        var filter = ConnectionFilter.TryCreate(query);
        error =
            limit is < 1 or > MaxLimit ? $"limit must be 1 to {MaxLimit}."
            : !sorted ? "sort must be age, bytes or id."
            : query.After is not null && after is null
                ? "after must be the value of next from a page with the same sort order, or be omitted."
            : filter is null ? "client must be an IP address, ip:port or a network such as 10.0.0.0/8."
            : null;
        pager = error is null ? new(filter!, sort, limit, after) : null;
        return error is null;
    }

    public ConnectionPage Read(ConnectionTracker tracker, ProxyStatus status)
    {
        var page = new PriorityQueue<ConnectionRecord, ConnectionRank>(_lastFirst);
        var (open, matching, left) = (0, 0, 0);
        foreach (var record in tracker.Open)
        {
            open++;
            if (!_filter.Matches(record))
            {
                continue;
            }

            matching++;
            var rank = new ConnectionRank(_sort, record);
            if (_after is not { } after || rank.CompareTo(after) > 0)
            {
                left++;
                Keep(page, record, rank);
            }
        }

        return Answer(page, open, matching, left, status);
    }

    private void Keep(PriorityQueue<ConnectionRecord, ConnectionRank> page, ConnectionRecord record, ConnectionRank rank)
    {
        if (page.Count < _limit)
        {
            page.Enqueue(record, rank);
        }
        else
        {
            page.EnqueueDequeue(record, rank);
        }
    }

    private ConnectionPage Answer(
        PriorityQueue<ConnectionRecord, ConnectionRank> page,
        int open,
        int matching,
        int left,
        ProxyStatus status
    )
    {
        var next = left > page.Count && page.TryPeek(out _, out var last) ? last.ToCursor(_sort) : null;
        var items = new ConnectionAnswer[page.Count];
        for (var i = items.Length - 1; i >= 0; i--)
        {
            items[i] = ConnectionAnswer.Of(page.Dequeue(), status);
        }

        return new(open, matching, items, next);
    }
}

namespace Proxy.Multiplexing;

/// <summary>The requests of a session that wait for their turn, in the lanes of their clients. Guarded by the session's lock.</summary>
internal sealed class WaitingRequests(SharedReads reads)
{
    private const long Never = long.MaxValue;
    private readonly FairQueue _queue = new();
    private readonly HashSet<RequestLane> _lanes = [];

    /// <summary>The lanes of all clients.</summary>
    public IReadOnlyCollection<RequestLane> Lanes => _lanes;

    public int Count => _queue.Count;

    /// <summary>Whether the order of one client's requests has to be kept: see <see cref="FairQueue.KeepsOrder"/>.</summary>
    public bool KeepsOrder
    {
        set => _queue.KeepsOrder = value;
    }

    public void Join(RequestLane lane) => _lanes.Add(lane);

    /// <summary>Removes a lane, and drops the requests that wait in it.</summary>
    /// <returns>False if it was removed before.</returns>
    public bool Leave(RequestLane lane)
    {
        if (!_lanes.Remove(lane))
        {
            return false;
        }

        var dropped = new List<MultiplexRequest>();
        _queue.TakeWhere(lane, static (_, _) => true, 0, dropped);
        lane.IsGone = true;
        dropped.ForEach(Promote);
        return true;
    }

    /// <summary>Takes the requests of a client that has gone, except those whose reply another client's request brings anyway.</summary>
    public void TakeUnsent(RequestLane lane, List<MultiplexRequest> taken)
    {
        lane.HasLeft = true;
        if (lane.Joined > 0)
        {
            foreach (var other in _lanes)
            {
                for (var request = other.First; request is not null; request = request.Next)
                {
                    request.TakeFollowersIn(lane, taken);
                }
            }
        }

        var followers = taken.Count;
        _queue.TakeWhere(lane, static (_, _) => true, 0, taken);
        for (var index = followers; index < taken.Count; index++)
        {
            lane.PendingWrites -= taken[index].IsWrite ? 1 : 0;
            Promote(taken[index]);
        }
    }

    /// <summary>Starts the deadline for a request's turn.</summary>
    public static void Begin(MultiplexRequest request, long now) =>
        request.Deadline =
            request.Client.Config.QueueTimeout is var wait && wait < TimeSpan.Zero ? Never : now + (long)wait.TotalMilliseconds;

    public void Add(MultiplexRequest request)
    {
        request.Lane!.PendingWrites += request.IsWrite ? 1 : 0;
        reads.Lead(request);
        _queue.Enqueue(request);
    }

    /// <summary>Puts a request in flight back to the queue, before all others of its client.</summary>
    public void Return(MultiplexRequest request, long now)
    {
        Begin(request, now);
        if (request.Lane!.IsGone)
        {
            Promote(request);
        }
        else
        {
            _queue.Return(request);
        }
    }

    /// <summary>The request to send next; null if there is none, or each one has to wait for earlier ones of its own client.</summary>
    public MultiplexRequest? TakeNext() => _queue.Dequeue();

    /// <summary>Queues a lane for its turn if it has something to send.</summary>
    public void GiveTurn(RequestLane lane) => _queue.Queue(lane);

    /// <summary>Whether a request of another unit waits.</summary>
    public bool HasOther(ushort? unit)
    {
        foreach (var lane in _lanes)
        {
            for (var request = lane.First; request is not null; request = request.Next)
            {
                if (request.Facts.Unit != unit)
                {
                    return true;
                }
            }
        }

        return false;
    }

    /// <summary>Takes all requests.</summary>
    public void TakeAll(List<MultiplexRequest> taken)
    {
        var from = taken.Count;
        TakeWhere(static (_, _) => true, 0, taken);
        for (var index = from; index < taken.Count; index++)
        {
            reads.Forget(taken[index]);
        }
    }

    /// <summary>Takes the requests that have waited too long; a follower of such a request takes its place.</summary>
    public void TakeExpired(long now, List<MultiplexRequest> taken)
    {
        if (_queue.Count > 0)
        {
            foreach (var lane in _lanes)
            {
                lane.TakeExpiredFollowers(now, taken);
            }

            var followers = taken.Count;
            TakeWhere(static (request, now) => now >= request.Deadline, now, taken);
            for (var index = followers; index < taken.Count; index++)
            {
                Promote(taken[index]);
            }
        }
    }

    private void TakeWhere(Func<MultiplexRequest, long, bool> condition, long argument, List<MultiplexRequest> taken)
    {
        var from = taken.Count;
        foreach (var lane in _lanes)
        {
            _queue.TakeWhere(lane, condition, argument, taken);
        }

        for (var index = from; index < taken.Count; index++)
        {
            taken[index].Lane!.PendingWrites -= taken[index].IsWrite ? 1 : 0;
        }
    }

    /// <summary>Queues the next of the requests that wait for the reply to one, since that brings them none.</summary>
    public void Promote(MultiplexRequest request)
    {
        if (reads.Promote(request) is { } next)
        {
            _queue.Enqueue(next);
        }
    }
}

namespace Proxy.Multiplexing;

/// <summary>Serves the lanes round robin, one request each, in constant time. Guarded by the session's lock.</summary>
internal sealed class FairQueue
{
    private readonly Queue<RequestLane> _turns = new();
    private readonly Stack<RequestLane> _returned = new(); // the lanes of requests that were put back, whose turn comes before all others

    /// <summary>The number of waiting requests.</summary>
    public int Count { get; private set; }

    /// <summary>
    /// Whether the order of one client's requests has to be kept, since several connections could reorder them: then a request that writes
    /// is sent only while no other one of its client is in flight.
    /// </summary>
    public bool KeepsOrder { get; set; }

    public void Enqueue(MultiplexRequest request)
    {
        request.Lane!.Append(request);
        Count++;
        Queue(request.Lane);
    }

    /// <summary>
    /// Puts a request back at the start of its lane, and before those of all other lanes. Of several, the one that was sent first is put back
    /// last.
    /// </summary>
    public void Return(MultiplexRequest request)
    {
        request.Lane!.Prepend(request);
        Count++;
        _returned.Push(request.Lane);
        Queue(request.Lane);
    }

    /// <summary>Queues a lane for its turn if it has something to send.</summary>
    public void Queue(RequestLane lane)
    {
        if (!lane.IsQueued && !lane.IsGone && lane.First is not null)
        {
            lane.IsQueued = true;
            _turns.Enqueue(lane);
        }
    }

    /// <summary>The next request; null if there is none, or each one has to wait for earlier ones of its own client.</summary>
    public MultiplexRequest? Dequeue()
    {
        while (_returned.TryPop(out var lane))
        {
            if (Take(lane) is { } first)
            {
                return first;
            }
        }

        while (_turns.TryDequeue(out var lane))
        {
            lane.IsQueued = false;
            if (Take(lane) is { } first)
            {
                Queue(lane);
                return first;
            }

            // A blocked lane is queued again when the request that blocks it is done.
        }

        return null;
    }

    private MultiplexRequest? Take(RequestLane lane)
    {
        if (lane.First is not { } first || !MaySend(lane, first))
        {
            return null;
        }

        Count--;
        return lane.TakeFirst();
    }

    /// <summary>Takes the requests of a lane for which a condition is true.</summary>
    public void TakeWhere(RequestLane lane, Func<MultiplexRequest, long, bool> condition, long argument, List<MultiplexRequest> taken)
    {
        var before = taken.Count;
        lane.TakeWhere(condition, argument, taken);
        Count -= taken.Count - before;
    }

    private bool MaySend(RequestLane lane, MultiplexRequest request) =>
        !KeepsOrder || (request.IsSafe ? lane.UnsafeInFlight == 0 : lane.InFlight == 0);
}

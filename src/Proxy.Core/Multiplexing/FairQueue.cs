namespace Proxy.Multiplexing;

/// <summary>
/// Serves the lanes round robin, one request each, in constant time. While requests wait that are sent in parts, whole ones have every
/// second turn, since a client may pause in the middle of its request; and of the others' turns, every second one is that of the request
/// with the fewest bytes, so that many long ones do not keep it waiting. Guarded by the session's lock.
/// </summary>
internal sealed class FairQueue
{
    private readonly Queue<RequestLane> _turns = new();
    private readonly LinkedList<RequestLane> _streams = []; // lanes whose next request is sent in parts
    private bool _wasStream;
    private bool _wasShortest;
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
            if (lane.First.Stream is null)
            {
                _turns.Enqueue(lane);
            }
            else
            {
                _streams.AddLast(lane);
            }
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

        while (TakeTurn() is { } lane)
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
        _wasStream = first.Stream is not null;
        return lane.TakeFirst();
    }

    /// <summary>Takes the requests of a lane for which a condition is true.</summary>
    public void TakeWhere(RequestLane lane, Func<MultiplexRequest, long, bool> condition, long argument, List<MultiplexRequest> taken)
    {
        var before = taken.Count;
        lane.TakeWhere(condition, argument, taken);
        Count -= taken.Count - before;
    }

    private RequestLane? TakeTurn() =>
        _streams.Count > 0 && (!_wasStream || _turns.Count == 0) ? TakeStream()
        : _turns.TryDequeue(out var lane) ? lane
        : null;

    private RequestLane TakeStream()
    {
        _wasShortest = !_wasShortest;
        var lane = _wasShortest ? _streams.MinBy(static lane => lane.First?.Stream?.Least ?? 0)! : _streams.First!.Value;
        _streams.Remove(lane);
        return lane;
    }

    private bool MaySend(RequestLane lane, MultiplexRequest request) =>
        !KeepsOrder || (request.IsSafe ? lane.UnsafeInFlight == 0 : lane.InFlight == 0);
}

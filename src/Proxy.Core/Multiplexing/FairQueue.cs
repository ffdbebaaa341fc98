namespace Proxy.Multiplexing;

/// <summary>Round robin between lanes, request by request, in constant time. Guarded by the session.</summary>
internal sealed class FairQueue
{
    private readonly Queue<RequestLane> _turns = new();

    /// <summary>Requests that wait.</summary>
    public int Count { get; private set; }

    /// <summary>Whether requests of one client may overtake each other, since there are several connections: then those that write go alone.</summary>
    public bool KeepsOrder { get; set; }

    public void Enqueue(MultiplexRequest request)
    {
        request.Lane!.Append(request);
        Count++;
        Queue(request.Lane);
    }

    /// <summary>Puts a request back where it was.</summary>
    public void Return(MultiplexRequest request)
    {
        request.Lane!.Prepend(request);
        Count++;
        Queue(request.Lane);
    }

    /// <summary>Gives a lane its turn if it has something to send.</summary>
    public void Queue(RequestLane lane)
    {
        if (!lane.IsQueued && !lane.IsGone && lane.First is not null)
        {
            lane.IsQueued = true;
            _turns.Enqueue(lane);
        }
    }

    /// <summary>The next request; null if there is none, or all wait for others of their own client.</summary>
    public MultiplexRequest? Dequeue()
    {
        while (_turns.TryDequeue(out var lane))
        {
            lane.IsQueued = false;
            if (lane.First is { } first && MaySend(lane, first))
            {
                lane.TakeFirst();
                Count--;
                Queue(lane);
                return first;
            }

            // What is blocked gets its turn again when the request that it waits for is done.
        }

        return null;
    }

    /// <summary>Takes out all of a lane that a condition is true of.</summary>
    public void TakeWhere(RequestLane lane, Func<MultiplexRequest, long, bool> condition, long argument, List<MultiplexRequest> taken)
    {
        var before = taken.Count;
        lane.TakeWhere(condition, argument, taken);
        Count -= taken.Count - before;
    }

    private bool MaySend(RequestLane lane, MultiplexRequest request) =>
        !KeepsOrder || (request.IsSafe ? lane.UnsafeInFlight == 0 : lane.InFlight == 0);
}

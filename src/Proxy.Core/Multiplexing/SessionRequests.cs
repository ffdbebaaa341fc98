using Proxy.Multiplexing.Framing;

namespace Proxy.Multiplexing;

/// <summary>The requests of a session, from the moment they are asked for until they are answered or have failed: who waits, what may be shared. Guarded by the session.</summary>
internal sealed class SessionRequests(TimeProvider time)
{
    private const long Never = long.MaxValue;
    private readonly FairQueue _queue = new();
    private readonly HashSet<RequestLane> _lanes = [];
    private ulong _lastId;

    private SharedReads Reads => field ??= new(Units);

    /// <summary>The lanes of the clients there are.</summary>
    public IReadOnlyCollection<RequestLane> Lanes => _lanes;

    /// <summary>Those that wait.</summary>
    public int Waiting => _queue.Count;

    public UnitStates Units { get; } = new();

    public void Apply(UpstreamSettings settings, bool renews)
    {
        _queue.KeepsOrder = settings.Multiplex.Connections > 1;
        if (renews)
        {
            Reads.Clear();
        }
    }

    public void Join(RequestLane lane) => _lanes.Add(lane);

    /// <summary>Takes a lane away, with all that waits in it.</summary>
    /// <returns>False if it was not there.</returns>
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

    /// <summary>Lets a request wait, or says why it is not to.</summary>
    /// <param name="request">The request.</param>
    /// <param name="settings">Of the session.</param>
    /// <param name="isDown">Whether nothing can be sent, and nothing is tried.</param>
    /// <param name="now">Milliseconds of the clock.</param>
    /// <param name="cached">What answers it at once.</param>
    public Admission Admit(MultiplexRequest request, UpstreamSettings settings, bool isDown, long now, out byte[]? cached)
    {
        cached = null;
        if (request.Lane!.IsGone)
        {
            return Admission.Gone;
        }

        Begin(request, now);
        if (Units.IsSuspended(request, now))
        {
            return Admission.Suspended;
        }

        if (settings.Sharing.Joins && Reads.TryJoin(request))
        {
            return Admission.Joined;
        }

        cached = Reads.Find(request, now);
        if (cached is not null)
        {
            return Admission.Cached;
        }

        return isDown ? Admission.Down
            : _queue.Count >= request.Client.Config.QueueLimit ? Admission.Full
            : Enqueue(request);
    }

    /// <summary>The one that is to be sent now; null if there is none, or all wait for others of their own client.</summary>
    public MultiplexRequest? TakeNext() => _queue.Dequeue();

    /// <summary>Lets nobody wait for one that was taken and is not sent.</summary>
    public void Reject(MultiplexRequest request)
    {
        request.Lane!.PendingWrites -= request.IsWrite ? 1 : 0;
        Reads.Forget(request);
    }

    /// <summary>Puts one in flight.</summary>
    public void Send(MultiplexRequest request, UpstreamConnection connection, long now)
    {
        var lane = request.Lane!;
        request.Deadline = now + (long)connection.Settings.Multiplex.ResponseTimeout.TotalMilliseconds;
        request.Started = time.GetTimestamp();
        if (connection.Settings.Framer.Correlation is { } field)
        {
            request.UpstreamId = NextId(connection, field);
            field.TryWrite(request.Sent.Span, request.UpstreamId);
        }

        connection.InFlight.Add(request);
        request.IsBeingSent = true;
        lane.InFlight++;
        lane.UnsafeInFlight += request.IsSafe ? 0 : 1;
        Units.Sent(request);
    }

    /// <summary>Notes a reply.</summary>
    public void Replied(MultiplexRequest request, ReadOnlySpan<byte> reply, UpstreamConnection connection, long now)
    {
        Units.Answered(request);
        Settle(request);
        if (!connection.IsRetired) // its settings may not be the newest
        {
            Reads.Keep(request, reply, now, connection.Settings);
        }
    }

    /// <summary>Notes that there will be no reply in time.</summary>
    public void TimedOut(MultiplexRequest request, UpstreamSettings settings, long now)
    {
        Units.TimedOut(request, now, settings);
        Settle(request);
    }

    /// <summary>Notes that one which was in flight is done.</summary>
    public void Settle(MultiplexRequest request)
    {
        TakeOutOfFlight(request);
        request.Lane!.PendingWrites -= request.IsWrite ? 1 : 0;
        Reads.Forget(request);
        _queue.Queue(request.Lane);
    }

    /// <summary>Lets one that was in flight wait again, before all others of its client.</summary>
    public void Unsend(MultiplexRequest request, long now)
    {
        TakeOutOfFlight(request);
        request.Deadline = WaitsUntil(request, now);
        request.Attempts++;
        request.Started = 0;
        if (request.Lane!.IsGone)
        {
            Promote(request);
        }
        else
        {
            _queue.Return(request);
        }
    }

    /// <summary>Takes out all that wait.</summary>
    public void TakeWaiting(List<MultiplexRequest> taken)
    {
        var from = taken.Count;
        TakeWhere(static (_, _) => true, 0, taken);
        for (var index = from; index < taken.Count; index++)
        {
            Reads.Forget(taken[index]);
        }
    }

    /// <summary>Takes out those that have waited too long; one that shares such a one's reply takes its place.</summary>
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

    private void Begin(MultiplexRequest request, long now)
    {
        request.Submitted = time.GetTimestamp();
        request.Deadline = WaitsUntil(request, now);
    }

    private static long WaitsUntil(MultiplexRequest request, long now) =>
        request.Client.Config.QueueTimeout is var wait && wait < TimeSpan.Zero ? Never : now + (long)wait.TotalMilliseconds;

    private Admission Enqueue(MultiplexRequest request)
    {
        request.Lane!.PendingWrites += request.IsWrite ? 1 : 0;
        Reads.Lead(request);
        _queue.Enqueue(request);
        return Admission.Queued;
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

    private void TakeOutOfFlight(MultiplexRequest request)
    {
        request.Lane!.InFlight--;
        request.Lane.UnsafeInFlight -= request.IsSafe ? 0 : 1;
        Units.Ended(request);
    }

    private void Promote(MultiplexRequest request)
    {
        if (Reads.Promote(request) is { } next)
        {
            _queue.Enqueue(next);
        }
    }

    // Never an id that was used lately: a reply that comes late or twice would meet another request.
    private ulong NextId(UpstreamConnection connection, CorrelationField field)
    {
        do
        {
            _lastId = _lastId >= field.MaxId ? 0 : _lastId + 1;
        } while (connection.InFlight.Contains(_lastId));

        return _lastId;
    }
}

using Proxy.Multiplexing.Framing;

namespace Proxy.Multiplexing;

/// <summary>The requests of a session, from the moment they are asked for until they are answered or have failed. Guarded by the session.</summary>
internal sealed class SessionRequests
{
    private readonly TimeProvider _time;
    private readonly SharedReads _reads;
    private ulong _lastId;

    public SessionRequests(TimeProvider time)
    {
        _time = time;
        Units = new(time);
        _reads = new(Units);
        Waiting = new(_reads);
    }

    /// <summary>Those that wait for their turn.</summary>
    public WaitingRequests Waiting { get; }

    public UnitStates Units { get; }

    public void Apply(UpstreamSettings settings, bool renews)
    {
        Waiting.KeepsOrder = settings.Multiplex.Connections > 1;
        if (renews)
        {
            _reads.Clear();
        }
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

        request.Submitted = _time.GetTimestamp();
        WaitingRequests.Begin(request, now);
        if (Units.IsSuspended(request))
        {
            return Admission.Suspended;
        }

        if (settings.Sharing.Joins && _reads.TryJoin(request))
        {
            return Admission.Joined;
        }

        cached = _reads.Find(request, now);
        if (cached is not null)
        {
            return Admission.Cached;
        }

        if (isDown || Waiting.Count >= request.Client.Config.QueueLimit)
        {
            return isDown ? Admission.Down : Admission.Full;
        }

        Waiting.Add(request);
        return Admission.Queued;
    }

    /// <summary>Lets nothing wait for one that was taken and is not sent.</summary>
    public void Reject(MultiplexRequest request)
    {
        request.Lane!.PendingWrites -= request.IsWrite ? 1 : 0;
        _reads.Forget(request);
    }

    /// <summary>Puts one in flight.</summary>
    public void Send(MultiplexRequest request, UpstreamConnection connection, long now)
    {
        var lane = request.Lane!;
        request.Deadline = now + (long)connection.Settings.Multiplex.ResponseTimeout.TotalMilliseconds;
        request.Started = _time.GetTimestamp();
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
            _reads.Keep(request, reply, now, connection.Settings);
        }
    }

    /// <summary>Notes that there will be no reply in time.</summary>
    public void TimedOut(MultiplexRequest request, UpstreamSettings settings)
    {
        Units.TimedOut(request, settings);
        Settle(request);
    }

    /// <summary>Notes that one which was in flight is done.</summary>
    public void Settle(MultiplexRequest request)
    {
        TakeOutOfFlight(request);
        Reject(request);
        Waiting.GiveTurn(request.Lane!);
    }

    /// <summary>Lets one that was in flight wait again, before all others of its client.</summary>
    public void Unsend(MultiplexRequest request, long now)
    {
        TakeOutOfFlight(request);
        request.Attempts++;
        request.Started = 0;
        Waiting.Return(request, now);
    }

    private void TakeOutOfFlight(MultiplexRequest request)
    {
        request.Lane!.InFlight--;
        request.Lane.UnsafeInFlight -= request.IsSafe ? 0 : 1;
        Units.Ended(request);
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

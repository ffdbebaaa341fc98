using Proxy.Diagnostics;
using Proxy.Multiplexing.Framing;

namespace Proxy.Multiplexing;

/// <summary>The requests of a session, from submission until they are answered or have failed. Guarded by the session's lock.</summary>
internal sealed class SessionRequests
{
    private static readonly TimeSpan _lately = TimeSpan.FromMinutes(1);

    private readonly TimeProvider _time;
    private readonly UnitStates _units = new();
    private readonly SharedReads _reads;
    private readonly FailureRun _unanswered;
    private readonly FailureRun _timeouts;
    private readonly FailureRun _refused;
    private ulong _lastId;

    public SessionRequests(TimeProvider time)
    {
        _time = time;
        Suspensions = new(time);
        _unanswered = new(time);
        _timeouts = new(time, _lately);
        _refused = new(time, _lately);
        _reads = new(_units);
        Waiting = new(_reads);
    }

    /// <summary>The requests that wait for their turn.</summary>
    public WaitingRequests Waiting { get; }

    public Suspensions Suspensions { get; }

    /// <summary>The requests that were not answered since the last answer; null if there are none.</summary>
    public Failures? Unanswered => _unanswered.Current;

    /// <summary>The requests that were not answered, up to the last minute, whatever else was; null if there are none.</summary>
    public Failures? Timeouts => _timeouts.Current;

    /// <summary>The requests that found the queue full or waited too long in it, up to the last minute; null if there are none.</summary>
    public Failures? Refused => _refused.Current;

    /// <summary>What operators are to be told, since it began or ended.</summary>
    public Queue<SessionNotice> Notices { get; } = new();

    public void Apply(UpstreamSettings settings, bool renews)
    {
        Waiting.KeepsOrder = settings.Multiplex.Connections > 1;
        if (renews)
        {
            _reads.Clear();
        }
    }

    /// <summary>Queues a request, or decides what happens to it instead.</summary>
    /// <param name="request">The request.</param>
    /// <param name="settings">The settings of the session.</param>
    /// <param name="isDown">Whether no connection is open and none is tried.</param>
    /// <param name="now">Milliseconds of the clock.</param>
    /// <param name="cached">The reply, if it is answered from the cache.</param>
    public Admission Admit(MultiplexRequest request, UpstreamSettings settings, bool isDown, long now, out byte[]? cached)
    {
        cached = null;
        if (request.Lane!.IsGone)
        {
            return Admission.Gone;
        }

        request.Submitted = _time.GetTimestamp();
        WaitingRequests.Begin(request, now);
        if (Suspensions.Refuses(request))
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
            NoteRefused(isDown ? 0 : 1);
            return isDown ? Admission.Down : Admission.Full;
        }

        Waiting.Add(request);
        return Admission.Queued;
    }

    /// <summary>
    /// Ends a request that is not going to be sent: it does not count as pending any more, and no other request waits for its reply.
    /// </summary>
    public void Reject(MultiplexRequest request)
    {
        request.Lane!.PendingWrites -= request.IsWrite ? 1 : 0;
        _reads.Forget(request);
    }

    /// <summary>Records requests that found the queue full, or waited too long.</summary>
    public void NoteRefused(int requests)
    {
        if (requests > 0)
        {
            _refused.Failed(null, requests);
        }
    }

    /// <summary>Marks a request as sent on a connection.</summary>
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

        if (!request.ExpectsReply && StrayBytes.TakesEchoes(connection.Settings))
        {
            connection.Unanswerable = request.Sent.ToArray();
        }

        connection.InFlight.Add(request);
        request.IsBeingSent = true;
        lane.InFlight++;
        lane.UnsafeInFlight += request.IsSafe ? 0 : 1;
        _units.Sent(request);
        Suspensions.Sent(request);
    }

    /// <summary>Records the reply to a request.</summary>
    /// <returns>What the reply means.</returns>
    public ReplyMeaning Replied(MultiplexRequest request, ReadOnlySpan<byte> reply, UpstreamConnection connection, long now)
    {
        var meaning = request.HasReplyBegun
            ? ReplyMeaning.Answer // the first parts are gone
            : connection.Settings.Framer.Rules.Judge(request.Sent.Span, reply);
        if (meaning == ReplyMeaning.Mismatch)
        {
            Waiting.Promote(request); // the requests that wait for the same reply still need a right one
        }
        else if (Suspensions.Answered(request) is { } subject)
        {
            Notices.Enqueue(new(SessionNoticeKind.Resumed, subject));
        }

        _unanswered.Succeeded();
        Settle(request);
        if (!connection.IsRetired && !request.HasReplyBegun) // a retired connection may have old settings
        {
            _reads.Keep(request, reply, meaning, now, connection.Settings);
        }

        return meaning;
    }

    /// <summary>Records that a request has not been answered in time.</summary>
    public void TimedOut(MultiplexRequest request, UpstreamSettings settings)
    {
        _timeouts.Failed();
        if (!Suspensions.IsSilentAlone(request))
        {
            _unanswered.Failed();
        }

        if (Suspensions.TimedOut(request, settings, othersWait: Waiting.HasOther(request.Facts.Unit)) is { } subject)
        {
            Notices.Enqueue(new(SessionNoticeKind.Suspended, subject));
        }

        Settle(request);
    }

    /// <summary>Forgets what was not answered and not asked for again: after the last of it nothing says that the destination is mute.</summary>
    public void ForgetSuspensions()
    {
        if (Suspensions.Forget())
        {
            _unanswered.Succeeded();
        }
    }

    /// <summary>Records that a request in flight is done.</summary>
    public void Settle(MultiplexRequest request)
    {
        TakeOutOfFlight(request);
        Reject(request);
        Waiting.GiveTurn(request.Lane!);
    }

    /// <summary>Puts a request in flight back to the queue, before all others of its client.</summary>
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
        _units.Ended(request);
        Suspensions.Ended(request);
    }

    // Ids are not reused early, since a late or repeated reply would be assigned to another request.
    private ulong NextId(UpstreamConnection connection, CorrelationField field)
    {
        do
        {
            _lastId = _lastId >= field.MaxId ? 0 : _lastId + 1;
        } while (connection.InFlight.Contains(_lastId));

        return _lastId;
    }
}

using Proxy.Configuration;

namespace Proxy.Multiplexing;

/// <summary>
/// What a session knows and decides: who waits, what is in flight, what comes next. It calls nobody, so that it can be asked under the session's lock;
/// what is to be done, its answers say.
/// </summary>
internal sealed class SessionState(UpstreamSettings settings, TimeProvider time)
{
    private const long Never = long.MaxValue;
    private static readonly TimeSpan _closeTimeout = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _quiet = TimeSpan.FromSeconds(1);

    private BackOff _backOff;
    private ulong _lastId;
    private long _unusedSince;

    public UpstreamSettings Settings { get; private set; } = settings;

    public FairQueue Queue { get; } = new();

    public UpstreamPool Pool { get; } = new();

    public HashSet<RequestLane> Lanes { get; } = [];

    public ModbusUnits Units { get; } = new();

    public SharedReads Reads => field ??= new(Units);

    public string? LastError { get; set; }

    public bool IsRetired { get; private set; }

    public bool IsOver => IsRetired && Lanes.Count == 0 && Pool.Count == 0;

    public TimeSpan RetryIn(long now) => TimeSpan.FromMilliseconds(Math.Max(0, _backOff.Until - now));

    /// <summary>Whether no connection is there, and none is tried now.</summary>
    public bool IsDown(long now) => _backOff.IsPausing(now) && !Pool.IsAlive;

    public void Apply(UpstreamSettings next)
    {
        // How a name is resolved matters to the next dial only.
        if (next.Multiplex != Settings.Multiplex)
        {
            Pool.RetireAll();
            Reads.Clear();
            _backOff.Succeed();
        }

        IsRetired = false;
        Settings = next;
        Queue.KeepsOrder = next.Multiplex.Connections > 1;
    }

    public void Retire(long now)
    {
        IsRetired = true;
        _unusedSince = now;
        RetireUnused(now);
    }

    public void Join(RequestLane lane)
    {
        Queue.KeepsOrder = Settings.Multiplex.Connections > 1;
        Lanes.Add(lane);
    }

    /// <summary>Takes a lane away, with all that waits in it.</summary>
    public bool Leave(RequestLane lane, long now)
    {
        if (!Lanes.Remove(lane))
        {
            return false;
        }

        var dropped = new List<MultiplexRequest>();
        Queue.TakeWhere(lane, static (_, _) => true, 0, dropped);
        lane.IsGone = true;
        dropped.ForEach(Promote);
        if (Lanes.Count == 0)
        {
            _unusedSince = now;
            RetireUnused(now);
        }

        return true;
    }

    /// <summary>Lets a request wait, or says why it is not to.</summary>
    public Admission Admit(MultiplexRequest request, long now, out byte[]? cached)
    {
        cached = null;
        if (request.Lane!.IsGone)
        {
            return Admission.Gone;
        }

        request.Submitted = time.GetTimestamp();
        var wait = request.Client.Settings.QueueTimeout;
        request.Deadline = wait < TimeSpan.Zero ? Never : now + (long)wait.TotalMilliseconds;
        if (Units.IsSuspended(request, now))
        {
            return Admission.Suspended;
        }

        if (Settings.Coalesces && Reads.TryJoin(request))
        {
            return Admission.Joined;
        }

        cached = Reads.Find(request, now);
        if (cached is not null)
        {
            return Admission.Cached;
        }

        if (IsDown(now))
        {
            return Admission.Down;
        }

        if (Queue.Count >= request.Client.Settings.QueueLimit)
        {
            return Admission.Full;
        }

        request.Lane.PendingWrites += request.IsWrite ? 1 : 0;
        Reads.Lead(request);
        Queue.Enqueue(request);
        return Admission.Queued;
    }

    /// <summary>What is to be done next.</summary>
    public SessionStep Next(long now, Func<UpstreamConnection> create)
    {
        if (Pool.FindDone() is { } done)
        {
            return Close(done, now);
        }

        while (Queue.Count > 0 && Pool.FindFree() is { } free && Queue.Dequeue() is { } request)
        {
            if (Units.IsSuspended(request, now))
            {
                return Reject(request, SessionStepKind.RejectSuspended);
            }

            return request.Lane!.Translator.Upstream == free.Settings.Framer
                ? Send(free, request, now)
                : Reject(request, SessionStepKind.RejectStale);
        }

        var wanted = Queue.Count > Pool.Unready || (Pool.Count == 0 && UpstreamPool.IsWanted(Settings, Lanes.Count > 0, IsRetired));
        if (!wanted || Pool.Count >= Settings.Multiplex.Connections || _backOff.IsPausing(now))
        {
            return default;
        }

        var created = create();
        Pool.Add(created);
        return new(SessionStepKind.Dial, created, null);
    }

    /// <summary>Notes that a dial succeeded; false if the connection is not wanted any more.</summary>
    public static bool Connected(UpstreamConnection connection, long now)
    {
        if (connection.State != UpstreamState.Connecting)
        {
            return false;
        }

        connection.ConnectedAt = now;
        Rest(connection, connection.Settings.Multiplex.ConnectDelay);
        return true;
    }

    public void NotConnected(UpstreamConnection connection, string reason, long now)
    {
        if (connection.State == UpstreamState.Connecting)
        {
            LastError = reason;
            Remove(connection);
            Fail(now);
        }
    }

    /// <summary>Notes that the kernel has a request; true if that is all there is to it.</summary>
    public bool Sent(UpstreamConnection connection, MultiplexRequest request, bool expectsReply)
    {
        connection.IsWriting = false;
        connection.Deadline = Never;
        var pause = connection.Settings.Multiplex.RequestDelay;
        if (expectsReply)
        {
            if (connection.State == UpstreamState.Ready && connection.Settings.Multiplex.MaxInFlight > 1)
            {
                Rest(connection, pause);
            }

            return false;
        }

        if (!connection.InFlight.Remove(request))
        {
            return false;
        }

        _backOff.Succeed();
        Settle(request);
        Rest(connection, pause);
        return true;
    }

    /// <summary>Notes that a reply came; false if nobody waits for it any more.</summary>
    public bool Replied(UpstreamConnection connection, MultiplexRequest request, ReadOnlySpan<byte> reply, bool ends, long now)
    {
        if (connection.IsGivenUp || connection.State == UpstreamState.Closed || !connection.InFlight.Remove(request))
        {
            return false;
        }

        connection.HasAnswered = true;
        _backOff.Succeed();
        Units.Answered(request);
        Settle(request);
        Reads.Keep(request, reply, now, connection.Settings);
        connection.IsRetired |= ends;
        Rest(connection, connection.Settings.Multiplex.RequestDelay);
        return true;
    }

    /// <summary>Takes a connection away; what may be sent again waits again, and the rest is what failed.</summary>
    /// <returns>False if it has gone already.</returns>
    public bool Lose(UpstreamConnection connection, UpstreamLoss loss, long now, List<MultiplexRequest> failed)
    {
        if (connection.State == UpstreamState.Closed)
        {
            return false;
        }

        var taken = new List<MultiplexRequest>();
        connection.InFlight.TakeAll(taken);
        if (connection.State != UpstreamState.Closing)
        {
            LastError = loss.Reason;
            if (loss.IsNonsense || (!connection.HasAnswered && IsEarly(connection, taken.Count, loss, now)))
            {
                Fail(now);
            }
        }

        Remove(connection);
        for (var index = taken.Count - 1; index >= 0; index--)
        {
            var request = taken[index];
            if (MayRepeat(request, loss, Settings.Multiplex.Retry))
            {
                Unsend(request);
            }
            else
            {
                Settle(request);
                failed.Add(request);
            }
        }

        if (IsDown(now))
        {
            TakeWaiting(static (_, _) => true, 0, failed);
        }

        return true;
    }

    /// <summary>Notes what time has brought.</summary>
    /// <param name="now">Milliseconds of the clock.</param>
    /// <param name="expired">Takes requests that waited too long for their turn.</param>
    /// <param name="overdue">Takes requests that waited too long for their reply.</param>
    /// <param name="lost">Takes connections that have to go.</param>
    public void Check(long now, List<MultiplexRequest> expired, List<MultiplexRequest> overdue, List<UpstreamConnection> lost)
    {
        if (Queue.Count > 0)
        {
            TakeWaiting(static (request, now) => now >= request.Deadline, now, expired, promotes: true);
        }

        foreach (var connection in Pool.All)
        {
            if (now >= connection.Deadline || HasOverdue(connection, now, overdue))
            {
                connection.IsGivenUp = true;
                lost.Add(connection);
            }
        }

        Pool.RetireOld(now);
        RetireUnused(now);
    }

    /// <summary>All that waits.</summary>
    public void TakeWaiting(
        Func<MultiplexRequest, long, bool> condition,
        long argument,
        List<MultiplexRequest> taken,
        bool promotes = false
    )
    {
        var from = taken.Count;
        foreach (var lane in Lanes)
        {
            Queue.TakeWhere(lane, condition, argument, taken);
        }

        for (var index = from; index < taken.Count; index++)
        {
            taken[index].Lane!.PendingWrites -= taken[index].IsWrite ? 1 : 0;
            if (promotes)
            {
                Promote(taken[index]);
            }
            else
            {
                Reads.Forget(taken[index]);
            }
        }
    }

    /// <summary>Ends a rest.</summary>
    public static void Rested(UpstreamConnection connection)
    {
        if (connection.State == UpstreamState.Resting)
        {
            connection.State = UpstreamState.Ready;
            connection.IsDraining = false;
            connection.Deadline = Never;
        }
    }

    /// <summary>Begins the wait for silence anew.</summary>
    public static void Drain(UpstreamConnection connection) => connection.Rest(_quiet);

    private static bool MayRepeat(MultiplexRequest request, UpstreamLoss loss, MultiplexRetry retry) =>
        retry == MultiplexRetry.Safe && !loss.IsNonsense && request.Attempts == 0 && (request.IsSafe || request.IsUnsent);

    // That a unit is silent says nothing about the connection; its suspension is the pause.
    private static bool IsEarly(UpstreamConnection connection, int inFlight, UpstreamLoss loss, long now) =>
        loss == UpstreamLoss.Silent
            ? RequestTranslator.Modbus(connection.Settings.Framer) is null
            : inFlight > 0 || now - connection.ConnectedAt < connection.Settings.Multiplex.RetryDelay.TotalMilliseconds;

    private void Fail(long now) => _backOff.Fail(now, Settings.Multiplex.RetryDelay, Settings.Multiplex.MaxRetryDelay);

    private void Remove(UpstreamConnection connection)
    {
        connection.State = UpstreamState.Closed;
        Pool.Remove(connection);
    }

    private static void Rest(UpstreamConnection connection, TimeSpan pause)
    {
        if (connection.State == UpstreamState.Closing)
        {
            return;
        }

        connection.State = pause > TimeSpan.Zero ? UpstreamState.Resting : UpstreamState.Ready;
        if (pause > TimeSpan.Zero)
        {
            connection.Rest(pause);
        }
    }

    private SessionStep Close(UpstreamConnection connection, long now)
    {
        if (connection.State == UpstreamState.Connecting)
        {
            Remove(connection);
            return new(SessionStepKind.Abort, connection, null);
        }

        // It counts until the destination has ended it too, so that one which allows a single connection does not see two.
        connection.State = UpstreamState.Closing;
        connection.Deadline = now + (long)_closeTimeout.TotalMilliseconds;
        return new(SessionStepKind.EndSending, connection, null);
    }

    private SessionStep Reject(MultiplexRequest request, SessionStepKind kind)
    {
        request.Lane!.PendingWrites -= request.IsWrite ? 1 : 0;
        Reads.Forget(request);
        return new(kind, null, request);
    }

    private SessionStep Send(UpstreamConnection connection, MultiplexRequest request, long now)
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
        connection.IsWriting = request.IsBeingSent = true;
        connection.Deadline = request.Deadline;
        lane.InFlight++;
        lane.UnsafeInFlight += request.IsSafe ? 0 : 1;
        Units.Sent(request);
        return new(SessionStepKind.Send, connection, request);
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

    private void Settle(MultiplexRequest request)
    {
        var lane = request.Lane!;
        lane.InFlight--;
        lane.UnsafeInFlight -= request.IsSafe ? 0 : 1;
        lane.PendingWrites -= request.IsWrite ? 1 : 0;
        Units.Ended(request);
        Reads.Forget(request);
        Queue.Queue(lane);
    }

    private void Unsend(MultiplexRequest request)
    {
        var lane = request.Lane!;
        lane.InFlight--;
        lane.UnsafeInFlight -= request.IsSafe ? 0 : 1;
        Units.Ended(request);
        request.Attempts++;
        request.Started = 0;
        if (lane.IsGone)
        {
            Promote(request);
        }
        else
        {
            Queue.Return(request);
        }
    }

    private void Promote(MultiplexRequest request)
    {
        if (Reads.Promote(request) is { } next)
        {
            Queue.Enqueue(next);
        }
    }

    private bool HasOverdue(UpstreamConnection connection, long now, List<MultiplexRequest> overdue)
    {
        while (connection.InFlight.FindOverdue(now) is { } request)
        {
            connection.InFlight.Remove(request);
            Units.TimedOut(request, now, connection.Settings);
            Settle(request);
            overdue.Add(request);
            switch (connection.Settings.LateReply)
            {
                case LateReply.Discard when ++connection.SilentTimeouts < 2:
                    break;
                case LateReply.Drain when connection.InFlight.Count == 0:
                    connection.Drains++;
                    connection.IsDraining = true;
                    connection.State = UpstreamState.Resting;
                    connection.Deadline = now + (long)connection.Settings.Multiplex.ResponseTimeout.TotalMilliseconds;
                    Drain(connection);
                    return false;
                default:
                    return true;
            }
        }

        return false;
    }

    private void RetireUnused(long now)
    {
        var keep = IsRetired ? TimeSpan.Zero : Settings.Multiplex.KeepUnused;
        var isKept = Settings.Multiplex.Connect == MultiplexConnect.Always && !IsRetired;
        if (Lanes.Count == 0 && !isKept && keep >= TimeSpan.Zero && now - _unusedSince >= keep.TotalMilliseconds)
        {
            Pool.RetireAll();
        }
    }
}

using Proxy.Configuration.Multiplexing;
using Proxy.Limits;

namespace Proxy.Multiplexing;

/// <summary>
/// The state of a session, and its decisions: which connections it has, and which step comes next. It calls nothing outside, so that it can
/// be used under the session's lock; what has to be done is returned.
/// </summary>
internal sealed class SessionState
{
    private static readonly TimeSpan _closeTimeout = TimeSpan.FromSeconds(1);
    private long _unusedSince;

    public SessionState(UpstreamSettings settings, TimeProvider time, SessionMemory memory)
    {
        Memory = memory;
        Settings = settings;
        Requests = new(time);
        Health = new(settings, time);
        Exchanges = new(this);
    }

    public UpstreamSettings Settings { get; private set; }

    public SessionMemory Memory { get; }

    public SessionRequests Requests { get; }

    public SessionExchanges Exchanges { get; }

    public UpstreamPool Pool { get; } = new();

    public UpstreamHealth Health { get; }

    /// <summary>
    /// Whether the destination was seen to return what is sent, so that the first copy of a request is no reply. Read and set by readers.
    /// </summary>
    public bool HasEcho
    {
        get => Volatile.Read(ref field);
        set => Volatile.Write(ref field, value);
    }

    public SingleUse SingleUse { get; } = new();

    public bool IsRetired { get; private set; }

    public bool IsOver => IsRetired && Requests.Waiting.Lanes.Count == 0 && Pool.Count == 0;

    /// <summary>Whether there is no connection and none is tried now, since the destination does not answer.</summary>
    public bool IsDown => Health.IsDown && !Pool.IsAlive;

    public void Apply(UpstreamSettings next)
    {
        // A change of how to dial only affects the next dial, unless it is one of TLS.
        var renews =
            next.Multiplex != Settings.Multiplex with { MaxBufferedBytes = next.Multiplex.MaxBufferedBytes } || next.Tls != Settings.Tls;
        if (renews)
        {
            Pool.RetireAll();
            Health.Apply(next);
            SingleUse.Forget();
            HasEcho = false;
        }

        IsRetired = false;
        Settings = next;
        Requests.Apply(next, renews);
    }

    public void Retire(long now)
    {
        IsRetired = true;
        _unusedSince = now;
        RetireUnused(now);
    }

    public void Join(RequestLane lane)
    {
        Requests.Apply(Settings, renews: false);
        Requests.Waiting.Join(lane);
    }

    /// <summary>Removes a lane, and drops the requests that wait in it.</summary>
    /// <returns>False if it was removed before.</returns>
    public bool Leave(RequestLane lane, long now)
    {
        if (!Requests.Waiting.Leave(lane))
        {
            return false;
        }

        if (Requests.Waiting.Lanes.Count == 0)
        {
            _unusedSince = now;
            RetireUnused(now);
        }

        return true;
    }

    /// <summary>The next step that has to be carried out.</summary>
    public SessionStep Next(long now, Func<UpstreamConnection> create)
    {
        if (Requests.Notices.TryDequeue(out var notice))
        {
            return new(SessionStepKind.Tell, null, null, notice);
        }

        if (Pool.FindDone() is { } done)
        {
            return Close(done, now);
        }

        if (Requests.Waiting.Count > 0 && MaySend && Pool.FindFree() is { } free && Requests.Waiting.TakeNext() is { } request)
        {
            return Requests.Suspensions.IsSuspended(request) ? Reject(request, SessionStepKind.RejectSuspended)
                : request.Lane!.Translator.Upstream == free.Settings.Framer ? Send(free, request, now)
                : Reject(request, SessionStepKind.RejectStale);
        }

        if (!NeedsConnection() || Pool.Count >= Settings.Multiplex.Connections || Health.IsPausing)
        {
            return default;
        }

        var created = create();
        Pool.Add(created);
        return new(SessionStepKind.Dial, created, null);
    }

    /// <summary>Checks deadlines.</summary>
    /// <param name="now">Milliseconds of the clock.</param>
    /// <param name="expired">Receives requests that have waited too long for their turn.</param>
    /// <param name="overdue">Receives requests that have waited too long for their reply.</param>
    /// <param name="lost">Receives connections that have to be closed.</param>
    /// <param name="paused">Receives requests whose clients keep others waiting in the middle of a message.</param>
    public void Check(
        long now,
        List<MultiplexRequest> expired,
        List<MultiplexRequest> overdue,
        List<UpstreamConnection> lost,
        List<(UpstreamConnection, MultiplexRequest)> paused
    )
    {
        foreach (var connection in Pool.All)
        {
            if (Exchanges.FindPaused(connection, now) is { } request)
            {
                paused.Add((connection, request));
            }
        }

        Requests.Waiting.TakeExpired(now, expired);
        Requests.NoteRefused(expired.Count);
        Exchanges.Check(now, overdue, lost);
        Requests.ForgetSuspensions();
        Pool.RetireOld(now);
        RetireUnused(now);
    }

    /// <summary>The status that operators see.</summary>
    /// <param name="key">The destination.</param>
    /// <param name="now">Milliseconds of the clock.</param>
    /// <param name="brief">Whether to leave out clients and connections, of which there may be thousands.</param>
    public MultiplexStatus Describe(SessionKey key, long now, bool brief = false) =>
        new(
            key.ClusterId,
            key.DestinationId,
            key.Address,
            Settings.Framer.Name,
            brief ? [] : [.. Requests.Waiting.Lanes.Select(static lane => lane.Status())],
            Requests.Waiting.Count,
            brief ? [] : [.. Pool.All.Select(connection => connection.Status(now))],
            Requests.Suspensions.Units,
            Health.RetryIn,
            Health.Errors.List,
            IsRetired
        )
        {
            ClosesAfterEachAnswer = SingleUse.IsLearned(now),
            SuspendedRequests = Requests.Suspensions.Requests,
            Suspended = Requests.Suspensions.List,
            Unanswered = Requests.Unanswered,
            Timeouts = Requests.Timeouts,
            Refused = Requests.Refused,
            Failures = Health.Failures,
            IsDown = IsDown,
        };

    // Small messages are not counted, so they need not wait.
    private bool MaySend => Settings.Framer.MaxBytes <= ByteBudget.Uncounted || !Memory.AwaitsClients;

    private bool NeedsConnection() =>
        Requests.Waiting.Count > Pool.Unready
        || (Pool.Count == 0 && UpstreamPool.IsWanted(Settings, hasClients: Requests.Waiting.Lanes.Count > 0, IsRetired));

    private SessionStep Reject(MultiplexRequest request, SessionStepKind kind)
    {
        Requests.Reject(request);
        return new(kind, null, request);
    }

    private SessionStep Send(UpstreamConnection connection, MultiplexRequest request, long now)
    {
        Requests.Send(request, connection, now);
        connection.IsWriting = true;
        connection.HasSent = true;
        connection.IsSpent = SingleUse.IsLearned(now);
        connection.Deadline = request.Deadline;
        if (request.Stream is not null)
        {
            connection.Sending = request;
            request.Deadline = long.MaxValue; // until it is whole
        }

        return new(SessionStepKind.Send, connection, request);
    }

    private static SessionStep Close(UpstreamConnection connection, long now)
    {
        // The connection counts until its dial has ended or the destination has closed it too, so that a destination which allows one
        // connection never sees two.
        var isDialed = connection.State == UpstreamState.Connecting;
        connection.State = UpstreamState.Closing;
        if (isDialed)
        {
            return new(SessionStepKind.CancelDial, connection, null);
        }

        connection.Deadline = now + (long)_closeTimeout.TotalMilliseconds;
        return new(SessionStepKind.EndSending, connection, null);
    }

    private void RetireUnused(long now)
    {
        if (IsRetired && Requests.Waiting.Count == 0)
        {
            Pool.RetireAll(); // the destination may not allow another one beside those of its successor
        }

        var keep = IsRetired ? TimeSpan.Zero : Settings.Multiplex.KeepUnused;
        var isKept = Settings.Multiplex.Connect == MultiplexConnect.Always && !IsRetired;
        if (Requests.Waiting.Lanes.Count == 0 && !isKept && keep >= TimeSpan.Zero && now - _unusedSince >= keep.TotalMilliseconds)
        {
            Pool.RetireAll();
        }
    }
}

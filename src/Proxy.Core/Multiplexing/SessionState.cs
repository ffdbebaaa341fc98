using Proxy.Configuration;

namespace Proxy.Multiplexing;

/// <summary>
/// What a session knows and decides: which connections there are, what is in flight on them, what comes next. It calls nobody, so that it can be asked
/// under the session's lock; what is to be done, its answers say.
/// </summary>
internal sealed class SessionState(UpstreamSettings settings, TimeProvider time)
{
    private const long Never = long.MaxValue;
    private static readonly TimeSpan _closeTimeout = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _quiet = TimeSpan.FromSeconds(1);

    private BackOff _backOff;
    private long _unusedSince;
    private bool _isUnreachable; // the last dial failed

    public UpstreamSettings Settings { get; private set; } = settings;

    public SessionRequests Requests { get; } = new(time);

    public UpstreamPool Pool { get; } = new();

    public RecentErrors Errors { get; } = new(time);

    public bool IsRetired { get; private set; }

    public bool IsOver => IsRetired && Requests.Lanes.Count == 0 && Pool.Count == 0;

    /// <summary>
    /// Whether no connection is there, and none is tried now, since nobody answers there: one lost connection makes those wait who had no part in it.
    /// </summary>
    public bool IsDown(long now) => _backOff.IsPausing(now) && !Pool.IsAlive && (_isUnreachable || _backOff.HasFailedAgain);

    public void Apply(UpstreamSettings next)
    {
        // How it is dialled matters to the next dial only.
        var renews = next.Multiplex != Settings.Multiplex;
        if (renews)
        {
            Pool.RetireAll();
            _backOff = default;
            _isUnreachable = false;
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
        Requests.Join(lane);
    }

    /// <summary>Takes a lane away, with all that waits in it.</summary>
    /// <returns>False if it was not there.</returns>
    public bool Leave(RequestLane lane, long now)
    {
        if (!Requests.Leave(lane))
        {
            return false;
        }

        if (Requests.Lanes.Count == 0)
        {
            _unusedSince = now;
            RetireUnused(now);
        }

        return true;
    }

    /// <summary>What is to be done next.</summary>
    public SessionStep Next(long now, Func<UpstreamConnection> create)
    {
        if (Pool.FindDone() is { } done)
        {
            return Close(done, now);
        }

        if (Requests.Waiting > 0 && Pool.FindFree() is { } free && Requests.TakeNext() is { } request)
        {
            return Requests.Units.IsSuspended(request, now) ? Reject(request, SessionStepKind.RejectSuspended)
                : request.Lane!.Translator.Upstream == free.Settings.Framer ? Send(free, request, now)
                : Reject(request, SessionStepKind.RejectStale);
        }

        if (!NeedsConnection() || Pool.Count >= Settings.Multiplex.Connections || _backOff.IsPausing(now))
        {
            return default;
        }

        var created = create();
        Pool.Add(created);
        return new(SessionStepKind.Dial, created, null);
    }

    /// <summary>Notes that a dial succeeded; false if the connection is not wanted any more.</summary>
    public bool Connected(UpstreamConnection connection, long now)
    {
        if (connection.State != UpstreamState.Connecting)
        {
            return false;
        }

        connection.ConnectedAt = now;
        _isUnreachable = false;
        Rest(connection, connection.Settings.Multiplex.ConnectDelay);
        return true;
    }

    public void NotConnected(UpstreamConnection connection, string reason, long now)
    {
        if (connection.State == UpstreamState.Connecting)
        {
            Errors.Add(reason);
            _isUnreachable = true;
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

        _backOff.Succeed(connection.ConnectedAt);
        Requests.Settle(request);
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
        _backOff.Succeed(connection.ConnectedAt);
        Requests.Replied(request, reply, connection, now);
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
            Errors.Add(loss.Reason);
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
                Requests.Unsend(request, now);
            }
            else
            {
                Requests.Settle(request);
                failed.Add(request);
            }
        }

        if (IsDown(now))
        {
            Requests.TakeWaiting(failed);
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
        Requests.TakeExpired(now, expired);
        foreach (var connection in Pool.All)
        {
            // In this order: who waited too long for a reply is told so, and not asked for again.
            if (HasOverdue(connection, now, overdue) || now >= connection.Deadline)
            {
                connection.IsGivenUp = true;
                lost.Add(connection);
            }
        }

        Pool.RetireOld(now);
        RetireUnused(now);
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

    /// <summary>What is told of it.</summary>
    public MultiplexStatus Describe(SessionKey key, long now) =>
        new(
            key.ClusterId,
            key.DestinationId,
            key.Address,
            Settings.Framer.Name,
            [.. Requests.Lanes.Select(static lane => lane.Status())],
            Requests.Waiting,
            [.. Pool.All.Select(connection => connection.Status(now))],
            Requests.Units.Suspended,
            TimeSpan.FromMilliseconds(Math.Max(0, _backOff.Until - now)),
            Errors.List,
            IsRetired
        );

    private static bool MayRepeat(MultiplexRequest request, UpstreamLoss loss, MultiplexRetry retry) =>
        retry == MultiplexRetry.Safe && !loss.IsNonsense && request.Attempts == 0 && (request.IsSafe || request.IsUnsent);

    // That a unit is silent says nothing about the connection; its suspension is the pause.
    private static bool IsEarly(UpstreamConnection connection, int inFlight, UpstreamLoss loss, long now) =>
        loss == UpstreamLoss.Silent
            ? !connection.Settings.Framer.Rules.HasUnits
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

    private bool NeedsConnection() =>
        Requests.Waiting > Pool.Unready
        || (Pool.Count == 0 && UpstreamPool.IsWanted(Settings, hasClients: Requests.Lanes.Count > 0, IsRetired));

    private SessionStep Reject(MultiplexRequest request, SessionStepKind kind)
    {
        Requests.Reject(request);
        return new(kind, null, request);
    }

    private SessionStep Send(UpstreamConnection connection, MultiplexRequest request, long now)
    {
        Requests.Send(request, connection, now);
        connection.IsWriting = true;
        connection.Deadline = request.Deadline;
        return new(SessionStepKind.Send, connection, request);
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

    private bool HasOverdue(UpstreamConnection connection, long now, List<MultiplexRequest> overdue)
    {
        var isLost = false;
        while (connection.InFlight.FindOverdue(now) is { } request)
        {
            connection.InFlight.Remove(request);
            Requests.TimedOut(request, connection.Settings, now);
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
                    isLost = true;
                    break;
            }
        }

        return isLost;
    }

    private void RetireUnused(long now)
    {
        if (IsRetired && Requests.Waiting == 0)
        {
            Pool.RetireAll(); // it may be one connection too many for what took its place
        }

        var keep = IsRetired ? TimeSpan.Zero : Settings.Multiplex.KeepUnused;
        var isKept = Settings.Multiplex.Connect == MultiplexConnect.Always && !IsRetired;
        if (Requests.Lanes.Count == 0 && !isKept && keep >= TimeSpan.Zero && now - _unusedSince >= keep.TotalMilliseconds)
        {
            Pool.RetireAll();
        }
    }
}

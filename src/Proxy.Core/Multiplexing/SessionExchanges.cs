using Proxy.Configuration.Multiplexing;
using Proxy.Multiplexing.Framing;

namespace Proxy.Multiplexing;

/// <summary>
/// Updates a session's connections, and the requests on them, when events happen or deadlines pass. Guarded by the session's lock.
/// </summary>
internal sealed class SessionExchanges(SessionState state)
{
    private const int MostSilentTimeouts = 2;
    private static readonly TimeSpan _longestWait = TimeSpan.FromSeconds(30); // of requests whose wait has no limit
    private static readonly TimeSpan _longestPause = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan _longestPauseAlone = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan _leastPause = TimeSpan.FromMilliseconds(100);

    /// <summary>Records a successful dial. If it was cancelled meanwhile, the connection is to be closed.</summary>
    public void Connected(UpstreamConnection connection, long now)
    {
        connection.State = UpstreamState.Ready;
        connection.ConnectedAt = now;
        state.Health.Connected();
        connection.BeginRest(connection.Settings.Multiplex.ConnectDelay);
    }

    /// <summary>Records a failed dial.</summary>
    public void NotConnected(UpstreamConnection connection, string reason, long now)
    {
        var wasCancelled = connection.State == UpstreamState.Closing;
        Remove(connection);
        if (!wasCancelled)
        {
            state.Health.Errors.Add(reason);
            state.Health.NotConnected(now);
        }
    }

    /// <summary>Records that the kernel has taken a request. Returns true if the request is thereby done.</summary>
    public bool Sent(UpstreamConnection connection, MultiplexRequest request, bool expectsReply)
    {
        connection.IsWriting = false;
        connection.Deadline = connection.IsDraining ? connection.Deadline : long.MaxValue;
        var pause = connection.Settings.Multiplex.RequestDelay;
        if (expectsReply)
        {
            if (connection.State == UpstreamState.Ready && connection.Settings.Multiplex.MaxInFlight > 1)
            {
                connection.BeginRest(pause);
            }

            return false;
        }

        if (!connection.InFlight.Remove(request))
        {
            return false;
        }

        state.Health.Succeeded(connection.ConnectedAt);
        state.Requests.Settle(request);
        connection.IsRetired |= connection.IsSpent;
        connection.BeginRest(pause);
        return true;
    }

    /// <summary>
    /// Takes a request that was not sent off a connection that takes no more. It goes back to the queue if it may be sent again.
    /// </summary>
    public void NotSent(UpstreamConnection connection, MultiplexRequest request, long now, List<MultiplexRequest> failed)
    {
        if (!connection.InFlight.Remove(request))
        {
            return;
        }

        connection.IsWriting = false;
        connection.IsRetired = true;
        connection.Sending = null;
        connection.Deadline = long.MaxValue;
        PutBack(request, UpstreamLoss.Ended, now, failed);
    }

    /// <summary>Records a reply; returns false if no request waits for it any more.</summary>
    public bool Replied(
        UpstreamConnection connection,
        MultiplexRequest request,
        ReadOnlySpan<byte> reply,
        bool ends,
        long now,
        out ReplyMeaning meaning
    )
    {
        meaning = default;
        if (connection.IsGivenUp || connection.State == UpstreamState.Closed || !connection.InFlight.Remove(request))
        {
            return false;
        }

        connection.Replying = null;
        connection.Answers++;
        connection.AnsweredAt = now;
        if (connection.Answers > 1)
        {
            state.SingleUse.AnsweredAgain();
        }

        state.Health.Succeeded(connection.ConnectedAt);
        meaning = state.Requests.Replied(request, reply, connection, now);
        connection.IsRetired |= ends || (connection.IsSpent && connection.InFlight.Count == 0);
        connection.BeginRest(connection.Settings.Multiplex.RequestDelay);
        return true;
    }

    /// <summary>Records a part of a reply; returns false if no request waits for it any more.</summary>
    public static bool RepliedPart(UpstreamConnection connection, MultiplexRequest request, int bytes, long now)
    {
        if (connection.IsGivenUp || connection.State == UpstreamState.Closed || !connection.InFlight.Contains(request))
        {
            return false;
        }

        connection.Replying = request;
        request.HasReplyBegun = true;
        Passes(connection, request, bytes, now);
        return true;
    }

    /// <summary>Removes a connection. Requests that may be sent again go back to the queue, the others have failed.</summary>
    /// <returns>False if it was removed before.</returns>
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
            state.Health.Errors.Add(loss.Reason);
            Learn(connection, loss, now);
            if (loss.IsNonsense || (!loss.IsClients && !connection.HasAnswered && IsEarly(connection, taken.Count, loss, now)))
            {
                state.Health.Failed(now);
            }
        }

        Remove(connection);
        for (var index = taken.Count - 1; index >= 0; index--)
        {
            PutBack(taken[index], loss, now, failed);
        }

        if (state.IsDown)
        {
            state.Requests.Waiting.TakeAll(failed);
        }

        return true;
    }

    /// <summary>Records that the destination is waited for in the middle of a request, which takes a part of some bytes.</summary>
    public static void Sends(UpstreamConnection connection, MultiplexRequest request, int bytes, long now)
    {
        request.SendingLag.End(bytes, request.Client.Config.MinDataRate, now);
        connection.Deadline = Limit(connection, now);
    }

    /// <summary>Records that the client is waited for in the middle of a request.</summary>
    public static void AwaitsPart(UpstreamConnection connection, MultiplexRequest request, long now)
    {
        request.SendingLag.Begin(now);
        connection.Deadline = long.MaxValue;
    }

    /// <summary>Records that the last part of a request is going to be sent: from now on the reply is due.</summary>
    public static void SendsLast(UpstreamConnection connection, MultiplexRequest request, int bytes, long now)
    {
        Sends(connection, request, bytes, now);
        connection.Sending = null;
        request.Deadline = connection.Deadline;
    }

    /// <summary>Records that the client is waited for in the middle of a reply.</summary>
    public static void AwaitsTaking(MultiplexRequest request, long now)
    {
        request.TakingLag.Begin(now);
        request.Deadline = long.MaxValue;
    }

    /// <summary>Records that the destination is waited for in the middle of a reply, of which the client gets a part of some bytes.</summary>
    public static void Passes(UpstreamConnection connection, MultiplexRequest request, int bytes, long now)
    {
        request.TakingLag.End(bytes, request.Client.Config.MinDataRate, now);
        request.Deadline = connection.Sending == request ? long.MaxValue : Limit(connection, now);
    }

    /// <summary>Finds an exchange whose client has paused too long in the middle of a message, or is too slow, so that others wait for the connection.</summary>
    public MultiplexRequest? FindPaused(UpstreamConnection connection, long now) =>
        connection.Sending is { } sending && IsTooLong(sending, sending.SendingLag, now) ? sending
        : connection.Replying is { } replying && IsTooLong(replying, replying.TakingLag, now) ? replying
        : null;

    private void Learn(UpstreamConnection connection, UpstreamLoss loss, long now)
    {
        if (loss is { IsNonsense: false, IsClients: false } && loss != UpstreamLoss.Silent && state.SingleUse.Ended(connection, now))
        {
            state.Requests.Notices.Enqueue(new(SessionNoticeKind.ClosesAfterEachAnswer, ""));
        }
    }

    /// <summary>Checks deadlines.</summary>
    /// <param name="now">Milliseconds of the clock.</param>
    /// <param name="overdue">Receives requests that have waited too long for their reply.</param>
    /// <param name="lost">Receives connections that have to be closed.</param>
    public void Check(long now, List<MultiplexRequest> overdue, List<UpstreamConnection> lost)
    {
        foreach (var connection in state.Pool.All)
        {
            // In this order, so that an overdue request fails and is not sent again.
            if (HasOverdue(connection, now, overdue) || now >= connection.Deadline)
            {
                connection.IsGivenUp = true;
                lost.Add(connection);
            }
        }
    }

    public void Remove(UpstreamConnection connection)
    {
        connection.State = UpstreamState.Closed;
        state.Pool.Remove(connection);
    }

    // A silent unit says nothing about the connection, so there is no pause beyond the unit's suspension.
    private static bool IsEarly(UpstreamConnection connection, int inFlight, UpstreamLoss loss, long now) =>
        loss == UpstreamLoss.Silent
            ? !connection.Settings.Framer.Rules.HasUnits
            : inFlight > 0 || now - connection.ConnectedAt < connection.Settings.Multiplex.RetryDelay.TotalMilliseconds;

    // The more requests wait, the shorter a pause: even if every one of them pauses as long, the last has its turn in time.
    private bool IsTooLong(MultiplexRequest request, ClientLag lag, long now)
    {
        var waiting = state.Requests.Waiting.Count;
        var wait = request.Client.Config.QueueTimeout is var limit && limit < TimeSpan.Zero ? _longestWait : limit;
        var share = wait / (2 * (waiting + 1));
        var pause =
            waiting == 0 ? _longestPauseAlone
            : share > _longestPause ? _longestPause
            : share < _leastPause ? _leastPause
            : share;
        return lag.Check(now, keepsOthersWaiting: waiting > 0) >= pause.TotalMilliseconds;
    }

    private void PutBack(MultiplexRequest request, UpstreamLoss loss, long now, List<MultiplexRequest> failed)
    {
        var mayRepeat = MayRepeat(request, loss);
        if (mayRepeat && !request.Lane!.HasLeft)
        {
            state.Requests.Unsend(request, now);
            return;
        }

        if (mayRepeat)
        {
            state.Requests.Waiting.Promote(request); // the requests that wait for the same reply are still there
        }

        state.Requests.Settle(request);
        failed.Add(request);
    }

    // Of what was passed on in parts, nothing is left that could be repeated.
    private bool MayRepeat(MultiplexRequest request, UpstreamLoss loss) =>
        state.Settings.Multiplex.Retry == MultiplexRetry.Safe
        && request is { Stream: null, HasReplyBegun: false } or { IsUnsent: true }
        && !loss.IsNonsense
        && request.Attempts == 0
        && (request.IsSafe || request.IsUnsent);

    private static long Limit(UpstreamConnection connection, long now) =>
        now + (long)connection.Settings.Multiplex.ResponseTimeout.TotalMilliseconds;

    private bool HasOverdue(UpstreamConnection connection, long now, List<MultiplexRequest> overdue)
    {
        var isLost = false;
        while (connection.InFlight.FindOverdue(now) is { } request)
        {
            connection.InFlight.Remove(request);
            state.HasEcho = false; // what was taken for an echo may have been the reply
            state.Requests.TimedOut(request, connection.Settings);
            overdue.Add(request);
            switch (connection.Settings.LateReply)
            {
                case LateReply.Discard when ++connection.SilentTimeouts < MostSilentTimeouts && !connection.IsSpent:
                    break;
                case LateReply.Drain when connection is { InFlight.Count: 0, IsSpent: false }:
                    connection.BeginDrain(now);
                    return false;
                default:
                    isLost = true;
                    break;
            }
        }

        return isLost;
    }
}

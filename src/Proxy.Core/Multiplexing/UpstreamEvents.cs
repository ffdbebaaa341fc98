using System.Diagnostics;
using Microsoft.AspNetCore.Connections;
using Proxy.Diagnostics;
using Proxy.Multiplexing.Framing;

namespace Proxy.Multiplexing;

/// <summary>
/// The events that upstream connections report to their session. Thread-safe: decisions are made under the session's lock, their effects
/// happen outside.
/// </summary>
internal sealed class UpstreamEvents(
    SessionKey key,
    Lock gate,
    SessionState state,
    SessionDispatcher dispatcher,
    RequestOutcomes outcomes,
    SessionDependencies services
)
{
    private readonly TagList _tags = new() { { "proxy.cluster_id", key.ClusterId }, { "proxy.destination_id", key.DestinationId } };

    /// <summary>The destination.</summary>
    public SessionKey Key => key;

    /// <summary>The memory that replies take.</summary>
    public SessionMemory Memory => state.Memory;

    public MessageTrace Trace => services.Trace;

    /// <summary>Whether the destination was seen to return what is sent, as some serial lines do.</summary>
    public bool HasEcho
    {
        get => state.HasEcho;
        set => state.HasEcho = value;
    }

    private long Now => services.Clock.Now;

    /// <summary>Dials a new connection. The task never fails.</summary>
    public async Task DialAsync(UpstreamConnection connection)
    {
        try
        {
            Connected(connection, await services.Dialer.DialAsync(key, connection.Settings, connection.Cancelled));
        }
        catch (Exception exception)
        {
            var failed = new List<MultiplexRequest>();
            lock (gate)
            {
                state.Exchanges.NotConnected(connection, exception.Message, Now);
                if (state.IsDown)
                {
                    state.Requests.Waiting.TakeAll(failed);
                }
            }

            outcomes.CountAll(RequestOutcome.NoPath, failed);
            Answers.FailAll(failed, LocalReply.NoPath, ConnectionOutcome.ConnectFailed);
            dispatcher.Run();
        }
    }

    /// <summary>The request that a message answers, as far as this is known before the message is whole.</summary>
    /// <param name="connection">The connection that received it.</param>
    /// <param name="id">The id of the message, if the protocol has one.</param>
    public MultiplexRequest? Expected(UpstreamConnection connection, ulong id)
    {
        lock (gate)
        {
            return connection.InFlight.Peek(id) is { ExpectsReply: true } request ? request : null;
        }
    }

    /// <summary>Whether bytes begin with the last request that gets no reply; true only once for each.</summary>
    /// <param name="connection">The connection that received them.</param>
    /// <param name="bytes">The bytes.</param>
    /// <param name="length">The length of the request.</param>
    public bool TryTakeUnanswerable(UpstreamConnection connection, ReadOnlySpan<byte> bytes, out int length)
    {
        lock (gate)
        {
            length = connection.Unanswerable.Length;
            if (length == 0 || !bytes.StartsWith(connection.Unanswerable))
            {
                return false;
            }

            connection.Unanswerable = [];
            return true;
        }
    }

    /// <summary>Whether no request was sent on a connection yet.</summary>
    public bool AwaitsFirstRequest(UpstreamConnection connection)
    {
        lock (gate)
        {
            return !connection.HasSent;
        }
    }

    /// <summary>Records that something was received.</summary>
    /// <param name="connection">The connection that received it.</param>
    /// <param name="hasBytes">Whether bytes were received, rather than FIN or the silence that a framer waits for.</param>
    /// <returns>Whether the bytes are to be dropped, since the connection waits for silence.</returns>
    public bool Received(UpstreamConnection connection, bool hasBytes)
    {
        lock (gate)
        {
            connection.SilentTimeouts = 0;
            if (hasBytes)
            {
                connection.InFlight.Received();
            }

            if (!connection.IsDraining)
            {
                return false;
            }

            connection.AwaitSilence();
        }

        services.Metrics.Late(_tags);
        return true;
    }

    /// <summary>Counts a reply that belongs to no request.</summary>
    public void Discarded() => services.Metrics.Late(_tags);

    /// <summary>Handles a reply.</summary>
    /// <param name="connection">The connection that received it.</param>
    /// <param name="request">The request that it answers.</param>
    /// <param name="reply">The whole reply.</param>
    /// <param name="traits">The traits that the framer found.</param>
    /// <param name="hasMore">Whether more bytes were received with it.</param>
    public void Replied(
        UpstreamConnection connection,
        MultiplexRequest request,
        ReadOnlySpan<byte> reply,
        MessageTraits traits,
        bool hasMore
    )
    {
        var ends = (traits & MessageTraits.EndsConnection) != 0;
        var started = request.Started;
        bool isEarly;
        ReplyMeaning meaning;
        SessionStep next;
        lock (gate)
        {
            isEarly = connection.Sending == request;
            if (
                !state.Exchanges.Replied(
                    connection,
                    request,
                    reply,
                    ends || (request.Traits & MessageTraits.EndsConnection) != 0,
                    Now,
                    out meaning
                )
            )
            {
                services.Metrics.Late(_tags);
                return;
            }

            // Unsolicited bytes must not be taken for the reply to the next request.
            connection.IsGivenUp |= hasMore && connection is { InFlight.Count: 0, Settings.Framer.Correlation: null };
            next = dispatcher.Begin();
        }

        var time = services.Time.GetElapsedTime(started);

        // The next request is sent first, so that the destination works while the client is answered.
        dispatcher.Run(next);
        var isError = meaning is ReplyMeaning.Error or ReplyMeaning.NoAnswer;
        outcomes.Count(isError ? RequestOutcome.DeviceException : RequestOutcome.Answered, request.Lane!);
        services.Metrics.Exchanged(time, request.Lane!.Tags);
        Answers.Deliver(request, reply, ends);
        if (isEarly)
        {
            Lost(connection, UpstreamLoss.Early); // the destination would take the next request for the rest of this one
        }
    }

    /// <summary>Passes on a part of a reply, which others follow.</summary>
    public void RepliedPart(UpstreamConnection connection, MultiplexRequest request, ReadOnlySpan<byte> part)
    {
        lock (gate)
        {
            if (!SessionExchanges.RepliedPart(connection, request, part.Length, Now))
            {
                return;
            }
        }

        request.Client.DeliverPart(request, part);
    }

    /// <summary>Records whether the next part of a reply waits until its client has taken earlier ones.</summary>
    public void Passes(UpstreamConnection connection, MultiplexRequest request, bool awaitsClient)
    {
        lock (gate)
        {
            if (awaitsClient)
            {
                SessionExchanges.AwaitsTaking(request, Now);
            }
            else
            {
                SessionExchanges.Passes(connection, request, 0, Now);
            }
        }
    }

    /// <summary>Records that a part of a request is going to be sent.</summary>
    public void Sends(UpstreamConnection connection, MultiplexRequest request, int bytes, bool isLast)
    {
        lock (gate)
        {
            if (isLast)
            {
                SessionExchanges.SendsLast(connection, request, bytes, Now);
            }
            else
            {
                SessionExchanges.Sends(connection, request, bytes, Now);
            }
        }
    }

    /// <summary>Records that the next part of a request is the client's turn.</summary>
    public void AwaitsPart(UpstreamConnection connection, MultiplexRequest request)
    {
        lock (gate)
        {
            SessionExchanges.AwaitsPart(connection, request, Now);
        }
    }

    /// <summary>Fails a request that its client does not finish, and gives up its connection, since a part was sent.</summary>
    public void Abandon(UpstreamConnection connection, MultiplexRequest request, LocalReply reply, ConnectionOutcome outcome)
    {
        var failed = new List<MultiplexRequest>();
        bool? wasClosing;
        lock (gate)
        {
            if (!connection.InFlight.Remove(request))
            {
                return;
            }

            // At once: what reads would take the rest of a reply for bytes without a request, and blame the destination.
            state.Requests.Settle(request);
            wasClosing = Lose(connection, UpstreamLoss.Unfinished, failed);
        }

        connection.Abort();
        outcomes.Count(RequestOutcome.Dropped, request.Lane!);
        Answers.Fail(request, reply, outcome);
        if (wasClosing is { } isKnown)
        {
            AfterLoss(connection, UpstreamLoss.Unfinished, isKnown, failed);
        }
    }

    /// <summary>Ends a client that keeps others waiting in the middle of its request or its reply.</summary>
    public void Paused(UpstreamConnection connection, MultiplexRequest request)
    {
        request.Client.Close(ConnectionOutcome.IdleTimeout);
        Abandon(connection, request, LocalReply.NoAnswer, ConnectionOutcome.IdleTimeout);
    }

    /// <summary>Records that the kernel has taken a request.</summary>
    public void Sent(UpstreamConnection connection, MultiplexRequest request, bool expectsReply)
    {
        bool isDone;
        SessionStep next;
        lock (gate)
        {
            isDone = state.Exchanges.Sent(connection, request, expectsReply);
            next = isDone ? default : dispatcher.Begin();
        }

        if (!isDone)
        {
            dispatcher.Run(next);
            return;
        }

        outcomes.Count(RequestOutcome.Answered, request.Lane!);
        request.Client.Complete(request, Completion.Sent());
        dispatcher.Run();
    }

    /// <summary>
    /// Takes back a request that was not sent, since the destination has closed the connection. What it answered before is still read.
    /// </summary>
    public void NotSent(UpstreamConnection connection, MultiplexRequest request)
    {
        bool isLast;
        var failed = new List<MultiplexRequest>();
        lock (gate)
        {
            isLast = connection.InFlight.Count <= 1;
            if (!isLast)
            {
                state.Exchanges.NotSent(connection, request, Now, failed);
            }
        }

        if (isLast)
        {
            Lost(connection, UpstreamLoss.Ended); // nothing else can have been answered
            return;
        }

        outcomes.CountAll(RequestOutcome.NoAnswer, failed);
        Answers.FailAll(failed, UpstreamLoss.Ended);
        dispatcher.Run();
    }

    /// <summary>Records that the rest of a connection is over.</summary>
    public void Rested(UpstreamConnection connection)
    {
        lock (gate)
        {
            connection.EndRest();
        }

        dispatcher.Run();
    }

    /// <summary>Handles a connection that is lost, or has to be closed. A second call does nothing.</summary>
    public void Lost(UpstreamConnection connection, UpstreamLoss loss)
    {
        var failed = new List<MultiplexRequest>();
        bool? wasClosing;
        lock (gate)
        {
            wasClosing = Lose(connection, loss, failed);
        }

        if (wasClosing is { } isKnown)
        {
            AfterLoss(connection, loss, isKnown, failed);
        }
    }

    // Returns whether the connection was about to be closed; null if it was lost before.
    private bool? Lose(UpstreamConnection connection, UpstreamLoss loss, List<MultiplexRequest> failed)
    {
        var wasClosing = connection.State == UpstreamState.Closing;
        return state.Exchanges.Lose(connection, loss, Now, failed) ? wasClosing : null;
    }

    private void AfterLoss(UpstreamConnection connection, UpstreamLoss loss, bool wasClosing, List<MultiplexRequest> failed)
    {
        if (loss.IsEnd)
        {
            connection.Close();
        }
        else
        {
            connection.Abort();
        }

        if (!wasClosing)
        {
            services.Metrics.Reconnected(_tags);
            services.Dialer.LogRenewal(key, loss.Reason);
        }

        failed.ForEach(request => outcomes.Count(request.Started != 0 ? RequestOutcome.NoAnswer : RequestOutcome.NoPath, request.Lane!));
        Answers.FailAll(failed, loss);
        dispatcher.Run();
    }

    /// <summary>Logs an unexpected exception.</summary>
    public void Failed(Exception exception) => services.Dialer.LogFailure(key, exception);

    private void Connected(UpstreamConnection connection, ConnectionContext dialed)
    {
        lock (gate)
        {
            connection.Attach(dialed);
            state.Exchanges.Connected(connection, Now);
        }

        connection.Start();
        dispatcher.Run();
    }
}

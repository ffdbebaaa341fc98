using System.Diagnostics;
using Microsoft.AspNetCore.Connections;
using Proxy.Diagnostics;
using Proxy.Multiplexing.Framing;

namespace Proxy.Multiplexing;

/// <summary>What the upstream connections of a session tell it. From any thread; what follows is decided under the session's lock, and done outside.</summary>
internal sealed class UpstreamEvents(SessionKey key, Lock gate, SessionState state, SessionDispatcher dispatcher, SessionServices services)
{
    private readonly TagList _tags = new() { { "proxy.cluster_id", key.ClusterId }, { "proxy.destination_id", key.DestinationId } };

    /// <summary>The destination.</summary>
    public SessionKey Key => key;

    public MessageTrace Trace => services.Trace;

    private long Now => services.Clock.Now;

    /// <summary>Dials for a connection that was created for it. Never faults.</summary>
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

            Answers.FailAll(failed, LocalReply.NoPath, ConnectionOutcome.ConnectFailed);
            dispatcher.Run();
        }
    }

    /// <summary>The request that a message answers, as far as can be known before it is whole.</summary>
    /// <param name="connection">Where it came.</param>
    /// <param name="id">Its id, where there is one.</param>
    public MultiplexRequest? Expected(UpstreamConnection connection, ulong id)
    {
        lock (gate)
        {
            return connection.InFlight.Peek(id) is { ExpectsReply: true } request ? request : null;
        }
    }

    /// <summary>Notes that something came.</summary>
    /// <param name="connection">Where it came.</param>
    /// <param name="hasBytes">Whether bytes did, and not an end or the silence that a framing waits for.</param>
    /// <returns>Whether it is to be dropped, since the connection waits for silence.</returns>
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

    /// <summary>Takes a reply.</summary>
    /// <param name="connection">Where it came.</param>
    /// <param name="request">What it answers.</param>
    /// <param name="reply">The whole of it.</param>
    /// <param name="traits">What the framer says of it.</param>
    /// <param name="hasMore">Whether more bytes came with it.</param>
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
        lock (gate)
        {
            if (!state.Exchanges.Replied(connection, request, reply, ends || (request.Traits & MessageTraits.EndsConnection) != 0, Now))
            {
                services.Metrics.Late(_tags);
                return;
            }

            // What was not asked for must not meet the next request.
            connection.IsGivenUp |= hasMore && connection is { InFlight.Count: 0, Settings.Framer.Correlation: null };
        }

        services.Metrics.Exchanged(services.Time.GetElapsedTime(started), request.Lane!.Tags);

        // The next request first: the destination works on it while the client is told.
        dispatcher.Run();
        Answers.Deliver(request, reply, ends);
    }

    /// <summary>Notes that the kernel has taken a request.</summary>
    public void Sent(UpstreamConnection connection, MultiplexRequest request, bool expectsReply)
    {
        bool isDone;
        lock (gate)
        {
            isDone = state.Exchanges.Sent(connection, request, expectsReply);
        }

        if (isDone)
        {
            request.Client.Complete(request, Completion.Sent());
        }

        dispatcher.Run();
    }

    /// <summary>Notes that a rest is over.</summary>
    public void Rested(UpstreamConnection connection)
    {
        lock (gate)
        {
            connection.EndRest();
        }

        dispatcher.Run();
    }

    /// <summary>A connection is gone, or has to go. A second call does nothing.</summary>
    public void Lost(UpstreamConnection connection, UpstreamLoss loss)
    {
        var failed = new List<MultiplexRequest>();
        bool wasClosing;
        lock (gate)
        {
            wasClosing = connection.State == UpstreamState.Closing;
            if (!state.Exchanges.Lose(connection, loss, Now, failed))
            {
                return;
            }
        }

        if (loss == UpstreamLoss.Ended)
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

        Answers.FailAll(failed, loss);
        dispatcher.Run();
    }

    /// <summary>Logs a fault of ours.</summary>
    public void Failed(Exception exception) => services.Dialer.LogFailure(key, exception);

    private void Connected(UpstreamConnection connection, ConnectionContext dialed)
    {
        lock (gate)
        {
            connection.Use(dialed);
            state.Exchanges.Connected(connection, Now);
        }

        connection.Start();
        dispatcher.Run();
    }
}

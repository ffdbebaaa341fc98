using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Connections;
using Proxy.Connections;
using Proxy.Diagnostics;
using Proxy.Multiplexing.Framing;
using Proxy.Timing;

namespace Proxy.Multiplexing;

/// <summary>
/// One destination, shared by the clients of all routes: requests wait here, and go out on the few connections there are. Any thread may call it; what
/// it decides it decides under its lock, and what it does it does outside.
/// </summary>
internal sealed class MultiplexSession : IDeadline
{
    private readonly Lock _gate = new(); // guards _state and all it has
    private readonly SessionState _state;
    private readonly SessionServices _services;
    private readonly Action<MultiplexSession> _over;
    private readonly TagList _tags;
    private readonly SessionDispatcher _dispatcher;
    private volatile bool _isRetired;

    /// <param name="key">The destination.</param>
    /// <param name="settings">What to do with it.</param>
    /// <param name="services">What all sessions use.</param>
    /// <param name="over">Called when a session that was retired has ended.</param>
    public MultiplexSession(SessionKey key, UpstreamSettings settings, SessionServices services, Action<MultiplexSession> over)
    {
        Key = key;
        _services = services;
        _over = over;
        _state = new SessionState(settings, services.Time);
        _dispatcher = new SessionDispatcher(this, _gate, _state, services);
        _tags = new TagList { { "proxy.cluster_id", key.ClusterId }, { "proxy.destination_id", key.DestinationId } };
        services.Clock.Add(this);
    }

    public SessionKey Key { get; }

    public MessageTrace Trace => _services.Trace;

    private long Now => _services.Clock.Now;

    public UpstreamSettings Settings
    {
        get
        {
            lock (_gate)
            {
                return _state.Settings;
            }
        }
    }

    /// <summary>The requests that wait, by route.</summary>
    public IReadOnlyList<Measurement<int>> Queued()
    {
        lock (_gate)
        {
            return
            [
                .. _state
                    .Requests.Lanes.GroupBy(static lane => lane.Client.RouteId, StringComparer.OrdinalIgnoreCase)
                    .Select(static lanes => new Measurement<int>(lanes.Sum(static lane => lane.Count), lanes.First().Tags)),
            ];
        }
    }

    /// <summary>Connects if that is to be done before anybody asks.</summary>
    public void Start() => Dispatch();

    /// <summary>Follows an edit: other settings renew the upstream connections, each after the exchange it is in.</summary>
    public void Apply(UpstreamSettings settings)
    {
        lock (_gate)
        {
            _state.Apply(settings);
            _isRetired = false;
        }

        Dispatch();
    }

    /// <summary>The destination is not configured any more: clients may finish, and are led away where there is another one.</summary>
    public void Retire()
    {
        lock (_gate)
        {
            _state.Retire(Now);
            _isRetired = true;
        }

        Dispatch();
    }

    /// <summary>Replaces the upstream connections, each after the exchange it is in.</summary>
    public void Renew()
    {
        lock (_gate)
        {
            _state.Pool.RetireAll();
        }

        Dispatch();
    }

    /// <summary>Closes at once, for the end of the program.</summary>
    public void Stop()
    {
        _services.Clock.Remove(this);
        List<UpstreamConnection> open;
        lock (_gate)
        {
            open = [.. _state.Pool.All];
        }

        open.ForEach(static connection => connection.Close());
    }

    public void Join(RequestLane lane)
    {
        lock (_gate)
        {
            _state.Join(lane);
        }

        Dispatch();
    }

    /// <summary>Ends a lane; what waits in it is forgotten. A second call does nothing.</summary>
    public void Leave(RequestLane lane)
    {
        lock (_gate)
        {
            if (!_state.Leave(lane, Now))
            {
                return;
            }
        }

        lane.Load.Release();
        Dispatch();
    }

    /// <summary>Whether a lane is to be left for another destination: this one is gone, and nothing of it is under way.</summary>
    public bool IsLeft(RequestLane lane)
    {
        if (!_isRetired)
        {
            return false;
        }

        lock (_gate)
        {
            return lane is { First: null, InFlight: 0, Joined: 0 };
        }
    }

    /// <summary>Takes a request; its client is told the reply, or that there is none.</summary>
    public void Submit(MultiplexRequest request)
    {
        Admission admission;
        byte[]? cached;
        lock (_gate)
        {
            var now = Now;
            admission = _state.Requests.Admit(request, _state.Settings, _state.IsDown(now), now, out cached);
        }

        switch (admission)
        {
            case Admission.Queued:
                Dispatch();
                break;
            case Admission.Joined:
                _services.Metrics.Shared(request.Lane!.Tags);
                break;
            case Admission.Cached:
                _services.Metrics.CacheHit(request.Lane!.Tags);
                request.Client.Deliver(request, cached);
                break;
            case Admission.Suspended:
                request.Client.Fail(request, LocalReply.NoAnswer, ConnectionOutcome.ResponseTimeout);
                break;
            case Admission.Down:
                request.Client.Fail(request, LocalReply.NoPath, ConnectionOutcome.ConnectFailed);
                break;
            case Admission.Full:
                request.Client.Fail(request, LocalReply.QueueFull, ConnectionOutcome.QueueFull);
                break;
        }
    }

    /// <summary>Dials for a connection that was created for it. Never faults.</summary>
    public async Task DialAsync(UpstreamConnection connection)
    {
        try
        {
            Connected(connection, await _services.Dialer.DialAsync(Key, connection.Settings, connection.Cancelled));
        }
        catch (Exception exception)
        {
            var failed = new List<MultiplexRequest>();
            lock (_gate)
            {
                _state.NotConnected(connection, exception.Message, Now);
                if (_state.IsDown(Now))
                {
                    _state.Requests.TakeWaiting(failed);
                }
            }

            Answers.FailAll(failed, LocalReply.NoPath, ConnectionOutcome.ConnectFailed);
            Dispatch();
        }
    }

    /// <summary>Whose reply a message is, as far as can be known before it is whole.</summary>
    /// <param name="connection">Where it came.</param>
    /// <param name="id">Its id, where there is one.</param>
    public MultiplexRequest? Expected(UpstreamConnection connection, ulong id)
    {
        lock (_gate)
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
        lock (_gate)
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

            SessionState.Drain(connection);
        }

        _services.Metrics.Late(_tags);
        return true;
    }

    /// <summary>Counts a reply that belongs to nobody.</summary>
    public void Discarded() => _services.Metrics.Late(_tags);

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
        lock (_gate)
        {
            if (!_state.Replied(connection, request, reply, ends || (request.Traits & MessageTraits.EndsConnection) != 0, Now))
            {
                _services.Metrics.Late(_tags);
                return;
            }

            // What nobody asked for must not meet who asks next.
            connection.IsGivenUp |= hasMore && connection is { InFlight.Count: 0, Settings.Framer.Correlation: null };
        }

        _services.Metrics.Exchanged(_services.Time.GetElapsedTime(started), request.Lane!.Tags);

        // The next request first: the destination works on it while the client is told.
        Dispatch();
        Answers.Deliver(request, reply, ends);
    }

    /// <summary>Notes that the kernel has taken a request.</summary>
    public void Sent(UpstreamConnection connection, MultiplexRequest request, bool expectsReply)
    {
        bool isDone;
        lock (_gate)
        {
            isDone = _state.Sent(connection, request, expectsReply);
        }

        if (isDone)
        {
            request.Client.DeliverDone(request);
        }

        Dispatch();
    }

    public void Rested(UpstreamConnection connection)
    {
        lock (_gate)
        {
            SessionState.Rested(connection);
        }

        Dispatch();
    }

    /// <summary>A connection is gone, or has to go. A second call does nothing.</summary>
    public void Lost(UpstreamConnection connection, UpstreamLoss loss)
    {
        var failed = new List<MultiplexRequest>();
        bool wasClosing;
        lock (_gate)
        {
            wasClosing = connection.State == UpstreamState.Closing;
            if (!_state.Lose(connection, loss, Now, failed))
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
            _services.Metrics.Reconnected(_tags);
            _services.Dialer.LogRenewal(Key, loss.Reason);
        }

        Answers.FailAll(failed, loss);
        Dispatch();
    }

    /// <summary>Logs a fault of ours.</summary>
    public void Failed(Exception exception) => _services.Dialer.LogFailure(Key, exception);

    void IDeadline.Check(long now)
    {
        var expired = new List<MultiplexRequest>();
        var overdue = new List<MultiplexRequest>();
        var lost = new List<UpstreamConnection>();
        bool isOver;
        lock (_gate)
        {
            _state.Check(now, expired, overdue, lost);
            isOver = _state.IsOver;
        }

        Answers.FailAll(expired, LocalReply.QueueFull, ConnectionOutcome.QueueTimeout);
        overdue.ForEach(request => _services.Metrics.TimedOut(request.Lane!.Tags));
        Answers.FailAll(overdue, LocalReply.NoAnswer, ConnectionOutcome.ResponseTimeout);
        lost.ForEach(connection => Lost(connection, UpstreamLoss.Silent));
        Dispatch();
        if (isOver)
        {
            _over(this);
        }
    }

    public MultiplexStatus Status()
    {
        lock (_gate)
        {
            return _state.Describe(Key, Now);
        }
    }

    /// <summary>Whether nothing is left of a session that was retired.</summary>
    public bool IsOver
    {
        get
        {
            lock (_gate)
            {
                return _state.IsOver;
            }
        }
    }

    private void Connected(UpstreamConnection connection, ConnectionContext dialled)
    {
        bool isWanted;
        lock (_gate)
        {
            connection.Use(dialled);
            isWanted = _state.Connected(connection, Now);
        }

        if (isWanted)
        {
            connection.Start();
            Dispatch();
        }
        else
        {
            connection.Close();
        }
    }

    private void Dispatch() => _dispatcher.Run();
}

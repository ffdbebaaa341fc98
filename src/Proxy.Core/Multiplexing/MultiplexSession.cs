using System.Diagnostics.Metrics;
using Proxy.Diagnostics;
using Proxy.Multiplexing.Framing;
using Proxy.Timing;

namespace Proxy.Multiplexing;

/// <summary>
/// One destination that the clients of all routes share. Requests wait here and are sent on a few connections. Thread-safe: clients and
/// edits call it, upstream connections call its <see cref="UpstreamEvents"/>. Decisions are made under its lock, their effects happen
/// outside.
/// </summary>
internal sealed class MultiplexSession : IDeadline
{
    private const int MostRoutes = 8; // whose tags are kept
    private readonly Lock _gate = new(); // guards _state and everything that belongs to it
    private readonly SessionState _state;
    private readonly SessionDependencies _services;
    private readonly Action<MultiplexSession> _over;
    private readonly SessionDispatcher _dispatcher;
    private readonly UpstreamEvents _upstream;
    private readonly RequestOutcomes _outcomes;
    private readonly RequestReport _report;
    private volatile bool _isRetired;
    private RequestTags[] _tags = []; // of the routes whose lanes joined last; replaced and never changed

    /// <param name="key">The destination.</param>
    /// <param name="settings">How the destination is used.</param>
    /// <param name="services">The dependencies of all sessions.</param>
    /// <param name="over">Called when the session has been retired and has ended.</param>
    public MultiplexSession(SessionKey key, UpstreamSettings settings, SessionDependencies services, Action<MultiplexSession> over)
    {
        Key = key;
        _services = services;
        _over = over;
        Memory = new SessionMemory(settings, services.Memory);
        _state = new SessionState(settings, services.Time, Memory);
        _outcomes = new RequestOutcomes(services.Metrics);
        _report = new RequestReport(_outcomes);
        _dispatcher = new SessionDispatcher(key, _gate, _state, _outcomes, services, Create);
        _upstream = new UpstreamEvents(key, _gate, _state, _dispatcher, _outcomes, services);
        services.Clock.Add(this);
    }

    public SessionKey Key { get; }

    /// <summary>The memory that its clients' messages take.</summary>
    public SessionMemory Memory { get; }

    /// <summary>Whether requests of other lanes than one, or of other destinations, wait until clients have taken replies.</summary>
    public bool KeepsOthersWaiting(RequestLane lane)
    {
        if (!Memory.AwaitsClients || Memory.AwaitsAllClients)
        {
            return Memory.AwaitsAllClients;
        }

        lock (_gate)
        {
            return _state.Requests.Waiting.Count > lane.Count;
        }
    }

    /// <summary>The tags of the requests of a route's clients; its lanes share them.</summary>
    public RequestTags TagsOf(string routeId)
    {
        var known = Volatile.Read(ref _tags);
        foreach (var tags in known)
        {
            if (tags.RouteId == routeId)
            {
                return tags;
            }
        }

        var added = new RequestTags(routeId, Key);
        Volatile.Write(ref _tags, [added, .. known.Take(MostRoutes - 1)]);
        return added;
    }

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

    /// <summary>The number of waiting requests, by route.</summary>
    public IReadOnlyList<Measurement<int>> Queued()
    {
        lock (_gate)
        {
            return
            [
                .. _state
                    .Requests.Waiting.Lanes.GroupBy(static lane => lane.Client.RouteId, StringComparer.OrdinalIgnoreCase)
                    .Select(static lanes => new Measurement<int>(lanes.Sum(static lane => lane.Count), lanes.First().Tags)),
            ];
        }
    }

    /// <summary>The bytes that its clients' messages take.</summary>
    public Measurement<long> Buffered() =>
        new(
            Memory.Used,
            new("proxy.cluster_id", Key.ClusterId),
            new KeyValuePair<string, object?>("proxy.destination_id", Key.DestinationId)
        );

    /// <summary>The number of its suspended units and requests.</summary>
    public Measurement<int> Suspended()
    {
        lock (_gate)
        {
            return new(
                _state.Requests.Suspensions.Count,
                new("proxy.cluster_id", Key.ClusterId),
                new KeyValuePair<string, object?>("proxy.destination_id", Key.DestinationId)
            );
        }
    }

    /// <summary>Connects, if the configuration wants a connection before the first request.</summary>
    public void Start() => Dispatch();

    /// <summary>Applies an edit. If the settings differ, the upstream connections are renewed, each after its current exchange.</summary>
    public void Apply(UpstreamSettings settings)
    {
        lock (_gate)
        {
            _state.Apply(settings);
            _isRetired = false;
        }

        Memory.Apply(settings);
        Dispatch();
    }

    /// <summary>
    /// Marks the destination as removed from the configuration. Its clients may finish, or move to another destination if there is one.
    /// </summary>
    public void Retire()
    {
        lock (_gate)
        {
            _state.Retire(Now);
            _isRetired = true;
        }

        Dispatch();
    }

    /// <summary>Replaces the upstream connections, each after its current exchange.</summary>
    public void Renew()
    {
        lock (_gate)
        {
            _state.Pool.RetireAll();
        }

        Dispatch();
    }

    /// <summary>Closes everything immediately, at the end of the program.</summary>
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

    /// <summary>Removes a lane and drops the requests that wait in it. A second call does nothing.</summary>
    public void Leave(RequestLane lane)
    {
        int dropped;
        lock (_gate)
        {
            dropped = lane.Count;
            if (!_state.Leave(lane, Now))
            {
                return;
            }
        }

        _outcomes.Count(RequestOutcome.Dropped, lane, dropped);

        lane.Load.Release();
        Dispatch();
    }

    /// <summary>Drops the requests of a client that has gone which were not sent.</summary>
    public void DropUnsent(RequestLane lane)
    {
        var dropped = new List<MultiplexRequest>();
        lock (_gate)
        {
            _state.Requests.Waiting.TakeUnsent(lane, dropped);
        }

        _outcomes.CountAll(RequestOutcome.Dropped, dropped);
        dropped.ForEach(static request => request.Client.Drop(request));
        Dispatch();
    }

    /// <summary>
    /// Whether a lane's client is to move to another destination: this one is retired, and none of its requests is under way.
    /// </summary>
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

    /// <summary>Counts a request of a client that its route did not allow.</summary>
    public void Denied(RequestLane lane) => _outcomes.Count(RequestOutcome.Denied, lane);

    /// <summary>Accepts a request. Its client gets the reply, or the failure.</summary>
    public void Submit(MultiplexRequest request)
    {
        Admission admission;
        byte[]? cached;
        SessionStep next;
        lock (_gate)
        {
            admission = _state.Requests.Admit(request, _state.Settings, _state.IsDown, Now, out cached);
            next = admission == Admission.Queued ? _dispatcher.Begin() : default;
        }

        if (admission == Admission.Queued)
        {
            _dispatcher.Run(next);
            return;
        }

        if (OutcomeOf(admission) is { } outcome)
        {
            _outcomes.Count(outcome, request.Lane!); // first: once completed, a request may be reused
        }

        switch (admission)
        {
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

    private static RequestOutcome? OutcomeOf(Admission admission) =>
        admission switch
        {
            Admission.Joined => RequestOutcome.Shared,
            Admission.Cached => RequestOutcome.Cached,
            Admission.Suspended => RequestOutcome.Suspended,
            Admission.Down => RequestOutcome.NoPath,
            Admission.Full => RequestOutcome.QueueFull,
            Admission.Gone => RequestOutcome.Dropped,
            _ => null,
        };

    void IDeadline.Check(long now)
    {
        var expired = new List<MultiplexRequest>();
        var overdue = new List<MultiplexRequest>();
        var lost = new List<UpstreamConnection>();
        var paused = new List<(UpstreamConnection Connection, MultiplexRequest Request)>();
        bool isOver;
        lock (_gate)
        {
            _state.Check(now, expired, overdue, lost, paused);
            isOver = _state.IsOver;
        }

        paused.ForEach(exchange => _upstream.Paused(exchange.Connection, exchange.Request));
        _outcomes.CountAll(RequestOutcome.QueueFull, expired);
        _outcomes.CountAll(RequestOutcome.NoAnswer, overdue);
        Answers.FailAll(expired, LocalReply.QueueFull, ConnectionOutcome.QueueTimeout);
        overdue.ForEach(request => _services.Metrics.TimedOut(request.Lane!.Tags));
        Answers.FailAll(overdue, LocalReply.NoAnswer, ConnectionOutcome.ResponseTimeout);
        lost.ForEach(connection => _upstream.Lost(connection, UpstreamLoss.Silent));
        Dispatch();
        Report(now);
        if (isOver)
        {
            _over(this);
        }
    }

    public MultiplexStatus Status()
    {
        lock (_gate)
        {
            return _state.Describe(Key, Now) with { Requests = _outcomes.Totals, Repeated = _outcomes.TotalRepeated };
        }
    }

    /// <summary>The status without clients and connections.</summary>
    public MultiplexStatus Brief()
    {
        lock (_gate)
        {
            return _state.Describe(Key, Now, brief: true);
        }
    }

    /// <summary>Whether the session is retired and has nothing left to do.</summary>
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

    private void Report(long now)
    {
        var (refused, repeated) = (_report.Refused(now), _report.Repeated(now));
        if (refused.Count > 0 || repeated > 0)
        {
            _services.Dialer.Tell(Key, refused, repeated);
        }
    }

    private UpstreamConnection Create() => new(_upstream, _state.Settings, _services.Time);

    private void Dispatch() => _dispatcher.Run();
}

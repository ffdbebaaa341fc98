using Proxy.Configuration.Multiplexing;

namespace Proxy.Multiplexing;

/// <summary>
/// What a session knows and decides: which connections there are, and what comes next. It calls nothing outside, so that it can be asked under the
/// session's lock; what is to be done, its answers say.
/// </summary>
internal sealed class SessionState
{
    private static readonly TimeSpan _closeTimeout = TimeSpan.FromSeconds(1);
    private long _unusedSince;

    public SessionState(UpstreamSettings settings, TimeProvider time)
    {
        Settings = settings;
        Requests = new(time);
        Health = new(settings, time);
        Exchanges = new(this);
    }

    public UpstreamSettings Settings { get; private set; }

    public SessionRequests Requests { get; }

    public SessionExchanges Exchanges { get; }

    public UpstreamPool Pool { get; } = new();

    public UpstreamHealth Health { get; }

    public bool IsRetired { get; private set; }

    public bool IsOver => IsRetired && Requests.Waiting.Lanes.Count == 0 && Pool.Count == 0;

    /// <summary>Whether no connection is there, and none is tried now, since nothing answers there.</summary>
    public bool IsDown => Health.IsDown && !Pool.IsAlive;

    public void Apply(UpstreamSettings next)
    {
        // How it is dialed matters to the next dial only.
        var renews = next.Multiplex != Settings.Multiplex;
        if (renews)
        {
            Pool.RetireAll();
            Health.Apply(next);
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

    /// <summary>Takes a lane away, with all that waits in it.</summary>
    /// <returns>False if it was not there.</returns>
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

    /// <summary>What is to be done next.</summary>
    public SessionStep Next(long now, Func<UpstreamConnection> create)
    {
        if (Pool.FindDone() is { } done)
        {
            return Close(done, now);
        }

        if (Requests.Waiting.Count > 0 && Pool.FindFree() is { } free && Requests.Waiting.TakeNext() is { } request)
        {
            return Requests.Units.IsSuspended(request) ? Reject(request, SessionStepKind.RejectSuspended)
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

    /// <summary>Notes what time has brought.</summary>
    /// <param name="now">Milliseconds of the clock.</param>
    /// <param name="expired">Takes requests that waited too long for their turn.</param>
    /// <param name="overdue">Takes requests that waited too long for their reply.</param>
    /// <param name="lost">Takes connections that have to go.</param>
    public void Check(long now, List<MultiplexRequest> expired, List<MultiplexRequest> overdue, List<UpstreamConnection> lost)
    {
        Requests.Waiting.TakeExpired(now, expired);
        Exchanges.Check(now, overdue, lost);
        Pool.RetireOld(now);
        RetireUnused(now);
    }

    /// <summary>What is told of it.</summary>
    public MultiplexStatus Describe(SessionKey key, long now) =>
        new(
            key.ClusterId,
            key.DestinationId,
            key.Address,
            Settings.Framer.Name,
            [.. Requests.Waiting.Lanes.Select(static lane => lane.Status())],
            Requests.Waiting.Count,
            [.. Pool.All.Select(connection => connection.Status(now))],
            Requests.Units.Suspended,
            Health.RetryIn,
            Health.Errors.List,
            IsRetired
        );

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
        connection.Deadline = request.Deadline;
        return new(SessionStepKind.Send, connection, request);
    }

    private SessionStep Close(UpstreamConnection connection, long now)
    {
        // It counts until its dial or the destination has ended it too, so that one which allows a single connection does not see two.
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
            Pool.RetireAll(); // it may be one connection too many for what took its place
        }

        var keep = IsRetired ? TimeSpan.Zero : Settings.Multiplex.KeepUnused;
        var isKept = Settings.Multiplex.Connect == MultiplexConnect.Always && !IsRetired;
        if (Requests.Waiting.Lanes.Count == 0 && !isKept && keep >= TimeSpan.Zero && now - _unusedSince >= keep.TotalMilliseconds)
        {
            Pool.RetireAll();
        }
    }
}

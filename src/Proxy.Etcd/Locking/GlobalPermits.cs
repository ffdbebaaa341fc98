using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using Proxy.Configuration.Locking;
using Proxy.Diagnostics;
using Proxy.Etcd.Client;
using Proxy.Locking;

namespace Proxy.Etcd.Locking;

/// <summary>
/// The permits of one route over all hosts. Each client has a key, and the first keys hold: as many as there are permits. What this host sees of them may be
/// late, but never lets in too many, as long as its own keys exist, which its lease ensures.
/// </summary>
/// <remarks>See docs/decisions/0041-global-lock.md.</remarks>
[SuppressMessage("Usage", "CA2213", Justification = "What follows the engine ends later, and a source without a timer owns nothing.")]
internal sealed partial class GlobalPermits : IPermits
{
    private static readonly TimeSpan _look = TimeSpan.FromSeconds(1); // the longest time between two looks at the lease while permits are held
    private static readonly TimeSpan _soon = TimeSpan.FromMilliseconds(1); // as short as a timer can be

    private readonly Lock _gate = new(); // guards all fields below, the view and the keys; nothing outside these is called within it
    private readonly string _routeId;
    private readonly IKeyStore _keys;
    private readonly string _prefix;
    private readonly TimeSpan _patience;
    private readonly Action _available;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly LockView _view;
    private readonly OwnKeys _own;
    private readonly Grace _grace;
    private readonly EngineTrouble _trouble;
    private readonly HashSet<GlobalTicket> _served = []; // until their permits are returned, lost or not
    private readonly ITimer _timer;
    private WhenEngineLost _whenLost;
    private LeaseTerm? _term;
    private SharedLockState _state = SharedLockState.Shared;
    private int _mostPermits;

    public GlobalPermits(
        string routeId,
        IKeyStore keys,
        string prefix,
        LockHost host,
        TimeSpan patience,
        Action available,
        TimeProvider time,
        ILogger logger
    )
    {
        (_routeId, _keys, _prefix, _patience, _available, _time, _logger) = (routeId, keys, prefix, patience, available, time, logger);
        _view = new LockView(prefix);
        _own = new OwnKeys(_view, host, prefix);
        _grace = new Grace(time);
        _trouble = new EngineTrouble(time, patience);
        _timer = time.CreateTimer(static state => ((GlobalPermits)state!).Look(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        lock (_gate)
        {
            SetTimer();
        }
    }

    /// <inheritdoc />
    public PermitTicket? LineUp(ConnectionRecord client)
    {
        var ticket = new GlobalTicket(this, client);
        lock (_gate)
        {
            _own.LineUp(ticket);
        }

        _changed.Set();
        return ticket;
    }

    /// <inheritdoc />
    public bool TryTake(PermitTicket? ticket, int maximum)
    {
        var waiter = (GlobalTicket)ticket!;
        lock (_gate)
        {
            _mostPermits = Math.Max(_mostPermits, maximum);
            var isLocal = CurrentState() == SharedLockState.Local;
            if (waiter.Waiting is null || !(isLocal ? _served.Count < maximum : Holds(waiter, maximum)))
            {
                SetTimer();
                return false;
            }

            _own.StepOut(waiter);
            _served.Add(waiter);
            if (isLocal)
            {
                waiter.IsLocal = true;
                _own.GiveUp(waiter); // its key waits, and this client does not
                Serve(waiter);
            }
            else
            {
                waiter.Token = waiter.Place!.FencingToken;
                waiter.Hold();
            }

            SetTimer();
        }

        return true;
    }

    /// <inheritdoc />
    public void Leave(PermitTicket? ticket)
    {
        lock (_gate)
        {
            _own.StepOut((GlobalTicket)ticket!);
            _own.GiveUp((GlobalTicket)ticket!);
        }

        _changed.Set();
    }

    /// <inheritdoc />
    public void Return(PermitTicket? ticket)
    {
        lock (_gate)
        {
            var holder = (GlobalTicket)ticket!;
            _served.Remove(holder);
            _own.GiveUp(holder);
            holder.IsLocal = false; // a key that it does not have yet is not written any more
            if (holder.IsLost)
            {
                _grace.Begin(0); // the lease may have been renewed meanwhile, and this host's next client be the first
                SetTimer();
            }
        }

        _changed.Set();
    }

    /// <inheritdoc />
    public PermitTicket? Adopt(ConnectionRecord client)
    {
        var ticket = new GlobalTicket(this, client) { IsLocal = true };
        lock (_gate)
        {
            _served.Add(ticket);
            Serve(ticket);
        }

        _changed.Set();
        return ticket;
    }

    /// <inheritdoc />
    public void Apply(LockSettings settings)
    {
        lock (_gate)
        {
            _whenLost = settings.WhenEngineLost;
            SetTimer();
        }
    }

    /// <inheritdoc />
    public void Pause(bool paused)
    {
        lock (_gate)
        {
            if (_own.IsPaused == paused)
            {
                return;
            }

            _own.IsPaused = paused;
            if (paused)
            {
                _own.LineUpAnew(); // so that the clients of other hosts are served meanwhile
            }
        }

        _changed.Set();
    }

    /// <inheritdoc />
    public SharedLockStatus? Describe(int maximum, bool withHolders)
    {
        lock (_gate)
        {
            var unseen = _own.Waiting.Count - _own.Waiting.Count(static ticket => ticket.Place is not null);
            var ahead = _view.Count + Unseen();
            var holding = Math.Min(ahead, Math.Max(maximum, _view.Served + Unseen()));
            var state = CurrentState();
            var (since, reason) = state == SharedLockState.Shared ? (null, null) : _trouble.Describe();
            return new()
            {
                State = state,
                Since = since,
                Reason = reason,
                Holding = holding,
                Waiting = ahead - holding + unseen,
                Holders = withHolders ? Holders(maximum) : [],
            };
        }
    }

    /// <summary>The number of clients before one, of all hosts; null if it is not known.</summary>
    public int? RankOf(GlobalTicket ticket)
    {
        lock (_gate)
        {
            return ticket.Place is { } place ? Unseen() + _view.RankOf(place) : null;
        }
    }

    private List<RemoteHolder> Holders(int maximum)
    {
        const int Most = 100;
        return
        [
            .. _view
                .First(Math.Max(maximum, _view.Served))
                .Where(static place => place.Ticket is null)
                .Take(Most)
                .Select(static place => new RemoteHolder(
                    place.Record.Instance,
                    place.Record.Connection,
                    place.Record.Client,
                    place.Record.Served ? null : place.FencingToken
                )),
        ];
    }

    private bool Holds(GlobalTicket waiter, int maximum) =>
        CanShare()
        && waiter.Place is { } place
        && waiter.Term == _term
        && Unseen() + _view.RankOf(place) < maximum
        && !_grace.Concerns(Math.Max(maximum, _mostPermits));

    // The clients that this host serves without a key that could count: those that it has admitted by itself, and those whose key is gone.
    private int Unseen() => _served.Count(static ticket => ticket.Place is null);

    // Without a lease the next one begins with all that are served: a host that is cut off for a day keeps no list of those that have gone.
    private void Serve(GlobalTicket ticket)
    {
        if (HasTerm())
        {
            _own.Serve(ticket);
        }
    }

    private bool HasTerm() => _term is { Ended.IsCancellationRequested: false };

    private bool IsUsable() => _term is { Ended.IsCancellationRequested: false } term && term.Left > LeaseTerm.Margin;

    private bool CanShare() => IsUsable() && !_trouble.IsStale;

    private SharedLockState CurrentState()
    {
        _trouble.NoteLease(IsUsable());
        return _whenLost == WhenEngineLost.Local && !CanShare() && IsOver() ? SharedLockState.Local
            : _trouble.IsNone ? SharedLockState.Shared
            : SharedLockState.Unreachable;
    }

    // By itself the host admits no client before its lease is over, and not at once after a pause of the whole process.
    private bool IsOver() =>
        _term is { Ended.IsCancellationRequested: false } term
            ? term.Left <= TimeSpan.Zero && _trouble.WithoutLease >= _patience
            : _trouble.WithoutLease >= _patience;

    /// <summary>Looks whether time has changed anything.</summary>
    private void Look()
    {
        List<GlobalTicket> lost = [];
        LeaseTerm? term;
        lock (_gate)
        {
            if (!IsUsable())
            {
                LoseAll(lost);
            }

            term = _term;
            SetTimer();
        }

        Settle(lost);
        if (term is not null)
        {
            FollowNearEnd(term);
        }
    }

    // Each of them knows the permit as lost until it has returned it.
    private void LoseAll(List<GlobalTicket> lost)
    {
        foreach (var ticket in _served)
        {
            Lose(ticket, lost);
        }
    }

    private static void Lose(GlobalTicket ticket, List<GlobalTicket> lost)
    {
        if (ticket is { IsLocal: false, IsLost: false })
        {
            ticket.IsLost = true;
            lost.Add(ticket);
        }
    }

    // What follows from a change, outside of the lock.
    private void Settle(List<GlobalTicket> lost)
    {
        foreach (var ticket in lost)
        {
            Log.Lost(_logger, _routeId, ticket.Client.Id);
            ticket.Lose();
        }

        SharedLockState before;
        SharedLockState now;
        string? reason;
        bool waits;
        lock (_gate)
        {
            (before, now) = (_state, CurrentState());
            _state = now;
            reason = _trouble.Describe().Reason;
            waits = _own.Waiting.Count > 0;
            now = _isClosing ? before : now; // the engine is left before the program ends
        }

        Report(before, now, reason);
        if (waits)
        {
            _available();
        }
    }

    private void Report(SharedLockState before, SharedLockState now, string? reason)
    {
        if (now == before)
        {
            return;
        }

        if (now == SharedLockState.Shared)
        {
            Log.Shared(_logger, _routeId);
        }
        else if (now == SharedLockState.Local)
        {
            Log.Local(_logger, _routeId, reason);
        }
        else
        {
            Log.Unreachable(_logger, _routeId, reason);
        }
    }

    private void SetTimer()
    {
        _trouble.NoteLease(IsUsable()); // whose end is what some of the times below count from
        var due = Timeout.InfiniteTimeSpan;
        Sooner(_own.Waiting.Count > 0 ? _grace.Left : TimeSpan.Zero, ref due);
        Sooner(_trouble.Left, ref due);
        if (_own.Waiting.Count > 0 && _term is not null && !IsUsable())
        {
            Sooner(_look, ref due); // a renewal that is late may still come
        }

        if (_served.Any(static ticket => ticket is { IsLocal: false, IsLost: false }) && _term is { } term)
        {
            var left = term.Left - LeaseTerm.Margin;
            Sooner(
                left <= TimeSpan.Zero ? _soon
                    : left < _look ? left
                    : _look,
                ref due
            );
        }

        _timer.Change(due, Timeout.InfiniteTimeSpan);
    }

    private static void Sooner(TimeSpan left, ref TimeSpan due)
    {
        if (left > TimeSpan.Zero && (due < TimeSpan.Zero || left < due))
        {
            due = TimeSpan.FromMilliseconds(Math.Ceiling(left.TotalMilliseconds)); // timers have whole milliseconds, and must not be early
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Route {Route}: client {Client} is reset, since its permit of the lock over all hosts was lost.")]
        public static partial void Lost(ILogger logger, string route, string client);

        [LoggerMessage(LogLevel.Warning, "Route {Route}: no client is admitted by this host, since the engine of the lock fails: {Reason}")]
        public static partial void Unreachable(ILogger logger, string route, string? reason);

        [LoggerMessage(
            LogLevel.Warning,
            "Route {Route}: this host admits clients with permits of its own (WhenEngineLost is Local), so that all hosts together may admit more than Permits, "
                + "since the engine of the lock fails: {Reason}"
        )]
        public static partial void Local(ILogger logger, string route, string? reason);

        [LoggerMessage(LogLevel.Information, "Route {Route}: clients are admitted in turn over all hosts again.")]
        public static partial void Shared(ILogger logger, string route);

        [LoggerMessage(LogLevel.Error, "Route {Route}: following the lock over all hosts has failed, and begins again.")]
        public static partial void Failed(ILogger logger, string route, Exception exception);
    }
}

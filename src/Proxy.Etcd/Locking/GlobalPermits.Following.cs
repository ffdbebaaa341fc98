using Proxy.Etcd.Client;
using Proxy.Timing;

namespace Proxy.Etcd.Locking;

/// <summary>Follows the keys and the lease.</summary>
internal sealed partial class GlobalPermits
{
    private static readonly TimeSpan _firstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan _longestPause = TimeSpan.FromSeconds(2);

    private readonly Signal _changed = new();
    private readonly CancellationTokenSource _closed = new();
    private CancellationToken _nearEnd;
    private CancellationTokenRegistration _near;
    private bool _isClosing;

    /// <summary>Begins to follow the engine.</summary>
    public void Start()
    {
        _ = RunAsync(FollowKeysAsync);
        _ = RunAsync(FollowLeaseAsync);
        _ = RunAsync(WriteAsync);
    }

    /// <summary>Ends once the engine has removed the keys, or they have ended with the lease.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _isClosing = true;
            foreach (var ticket in _own.Waiting.Concat(_served).ToList())
            {
                _own.StepOut(ticket);
                _own.GiveUp(ticket);
            }
        }

        _timer.Dispose();
        _changed.Set();
    }

    /// <summary>How far this host is, for tests: the revision that it has seen, whether that may be out of date, and whether changes are under way.</summary>
    internal (long Revision, bool IsStale, bool IsSending) Progress()
    {
        lock (_gate)
        {
            var isSending = _batch is not null || _own.HasChanges(HasTerm());
            return (_view.Revision, _trouble.IsStale, isSending && !_isPausing);
        }
    }

    private async Task RunAsync(Func<CancellationToken, Task> follow)
    {
        await Task.Yield(); // nothing is called back while the permits are being opened
        while (!_closed.IsCancellationRequested)
        {
            try
            {
                await follow(_closed.Token);
            }
            catch (OperationCanceledException) when (_closed.IsCancellationRequested)
            {
                return;
            }
            catch (ObjectDisposedException) when (_keys.IsClosed)
            {
                return; // the program ends, and the engine was left before
            }
            catch (Exception exception)
            {
                Log.Failed(_logger, _routeId, exception);
                await Task.Delay(_longestPause, _time, CancellationToken.None);
            }
        }
    }

    private async Task FollowLeaseAsync(CancellationToken cancellationToken)
    {
        LeaseTerm? last = null;
        while (true)
        {
            var term = await _keys.Lease.WaitAsync(cancellationToken);
            if (term == last)
            {
                await Task.Delay(_firstPause, _time, cancellationToken); // it has just ended, and its successor is not there yet
                continue;
            }

            last = term;
            if (_term is { } missed && missed != term)
            {
                End(missed); // a failure came between
            }

            Begin(term);
            var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            await using var end = term.Ended.UnsafeRegister(static ended => ((TaskCompletionSource)ended!).TrySetResult(), ended);
            FollowNearEnd(term);
            try
            {
                await ended.Task.WaitAsync(cancellationToken);
            }
            finally
            {
                LeaveNearEnd();
            }

            End(term);
        }
    }

    // There is another token after a renewal that came late.
    private void FollowNearEnd(LeaseTerm term)
    {
        var token = term.NearEnd;
        lock (_gate)
        {
            if (term != _term || token == _nearEnd || _closed.IsCancellationRequested)
            {
                return;
            }

            _nearEnd = token;
        }

        // Not within the lock, since it calls back where that has passed already.
        var near = token.UnsafeRegister(_ => OnNearEnd(term), null);
        lock (_gate)
        {
            _near = near;
        }
    }

    private void LeaveNearEnd()
    {
        CancellationTokenRegistration near;
        lock (_gate)
        {
            near = _near;
        }

        near.Dispose(); // which waits for a callback that is running
    }

    private void Begin(LeaseTerm term)
    {
        lock (_gate)
        {
            _term = term;
            _own.ServeAll(_served.Where(static ticket => ticket is { IsLocal: true, Key: null }));
            SetTimer();
        }

        _changed.Set();
        Settle([]);
    }

    private void OnNearEnd(LeaseTerm term)
    {
        List<GlobalTicket> lost = [];
        lock (_gate)
        {
            if (term == _term)
            {
                LoseAll(lost);
            }

            SetTimer();
        }

        Settle(lost);
    }

    private void End(LeaseTerm term)
    {
        List<GlobalTicket> lost = [];
        lock (_gate)
        {
            LoseAll(lost);
            _own.LineUpAnew();
            foreach (var ticket in _served.Where(ticket => ticket.IsLocal))
            {
                _own.GiveUp(ticket);
            }

            if (_isClosing)
            {
                _own.ForgetUnneeded();
            }

            _term = _term == term ? null : _term;
            SetTimer();
        }

        _changed.Set();
        Settle(lost);
    }

    private async Task FollowKeysAsync(CancellationToken cancellationToken)
    {
        await foreach (var update in _keys.WatchAsync(_prefix, cancellationToken))
        {
            List<GlobalTicket> lost = [];
            lock (_gate)
            {
                See(update, lost);
                SetTimer();
            }

            _changed.Set();
            Settle(lost);
        }
    }

    private void See(KeyUpdate update, List<GlobalTicket> lost)
    {
        switch (update)
        {
            case KeyUpdate.Full full:
                SeeAll(full, lost);
                break;
            case KeyUpdate.Changed changed:
                SeeChanges(changed, lost);
                break;
            case KeyUpdate.Stale stale:
                _trouble.NoteStale(stale.Reason);
                break;
            default:
                _trouble.NoteFresh();
                break;
        }
    }

    private void SeeAll(KeyUpdate.Full full, List<GlobalTicket> lost)
    {
        var present = full.Keys.ToDictionary(static key => key.Key, static key => key.CreateRevision, StringComparer.Ordinal);
        var old = _view.All();
        var gone = old.Where(place => present.GetValueOrDefault(place.Key) != place.Created).ToList();
        var rank = gone.Count > 0 ? gone.Min(_view.RankOf) : int.MaxValue;
        var isFirst = _view.ListedAt == 0;
        var isSetBack = full.Revision < _view.Revision; // the data were lost, or restored
        (_view.Revision, _view.ListedAt) = (full.Revision, full.Revision);
        _own.ForgetRemoved(); // first, since what was restored may be there again, even at a later revision
        if (isSetBack)
        {
            _own.ForgetAllRemoved();
        }

        foreach (var place in old)
        {
            Forget(place);
        }

        foreach (var key in full.Keys.OrderBy(static key => key.CreateRevision).ThenBy(static key => key.Key, StringComparer.Ordinal))
        {
            SeeKey(key);
        }

        LoseUnseen(lost);
        var isMissed = _own.Waiting.Any(ticket => ticket.Place is null && ticket.Written > 0 && ticket.Written <= full.Revision);
        if (isSetBack || isMissed || !_own.AreInOrder())
        {
            _own.LineUpAnew();
        }

        // At the start it is not known which clients have just vanished.
        if (isFirst || gone.Count > 0)
        {
            _grace.Begin(isFirst ? 0 : rank);
        }
    }

    private void SeeChanges(KeyUpdate.Changed changed, List<GlobalTicket> lost)
    {
        List<KeyPlace> gone = [];
        foreach (var change in changed.Changes)
        {
            if (change.Now is null && _view.TryFind(change.Key, out var place))
            {
                gone.Add(place);
            }
        }

        var rank = gone.Count > 0 ? gone.Min(_view.RankOf) : int.MaxValue;
        var isDisturbed = gone.Exists(static place => place.Ticket?.Waiting is not null);
        gone.ForEach(Forget);
        foreach (
            var key in changed
                .Changes.Select(static change => change.Now)
                .OfType<StoredKey>()
                .OrderBy(static key => key.Key, StringComparer.Ordinal)
        )
        {
            isDisturbed |= SeeKey(key) is { Ticket.Waiting.Previous.Value.Place: null };
        }

        _view.Revision = changed.Revision;
        _own.ForgetRemoved();
        LoseUnseen(lost);
        if (isDisturbed)
        {
            _own.LineUpAnew();
        }

        if (gone.Count > 0 && !changed.Changes.Any(change => change.Key == _view.Marker && change.Now is not null))
        {
            _grace.Begin(rank);
        }
    }

    private void Forget(KeyPlace place)
    {
        _view.Remove(place);
        place.Ticket?.Place = null;
    }

    /// <summary>Adds a key that is new. One of its own that no client needs, as after an answer that was lost, is removed.</summary>
    private KeyPlace? SeeKey(StoredKey key)
    {
        if (!_view.IsClient(key.Key) || _own.IsRemoving(key.Key) || _view.TryFind(key.Key, out _))
        {
            return null;
        }

        var ticket = _own.TicketOf(key.Key);
        if (ticket is null && _own.IsOwn(key.Key))
        {
            _own.Remove(key.Key);
            return null;
        }

        var place = _view.Add(key);
        place.Ticket = ticket;
        ticket?.Place = place;

        return place;
    }

    // A permit whose key is gone, or is another one than it was taken with, is lost; a client that this host has admitted by itself is counted anew.
    private void LoseUnseen(List<GlobalTicket> lost)
    {
        foreach (var ticket in _served)
        {
            if (!ticket.IsLocal && ticket.Place?.FencingToken != ticket.Token)
            {
                Lose(ticket, lost);
            }
            else if (ticket is { IsLocal: true, Place: null, Written: > 0 } && ticket.Written <= _view.Revision)
            {
                _own.GiveUp(ticket);
                Serve(ticket);
            }
        }
    }
}

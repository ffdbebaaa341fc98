using Proxy.Etcd.Client;
using Proxy.Timing;

namespace Proxy.Etcd.Locking;

/// <summary>Writes the keys of this host's clients.</summary>
internal sealed partial class GlobalPermits
{
    private LockBatch? _batch; // that is being sent; used by the writer alone
    private bool _isPausing;

    private async Task WriteAsync(CancellationToken cancellationToken)
    {
        var pause = new Backoff(_time, _firstPause, _longestPause, Random.Shared);
        while (true)
        {
            if (!TryNext(out var isDone, out var isClear))
            {
                if (isClear)
                {
                    Settle([]);
                }

                if (isDone)
                {
                    await _closed.CancelAsync();
                    return;
                }

                await _changed.WaitAsync(cancellationToken);
                continue;
            }

            try
            {
                Made(_batch!, await _keys.CommitAsync(_batch!.Transaction, cancellationToken));
                pause.Reset();
            }
            catch (EngineException failure)
            {
                NotMade(_batch!, failure);
                await Task.Delay(pause.Fail(), _time, cancellationToken);
            }
        }
    }

    // Whether there are changes to send. If none are left of those that had failed, nothing is wrong with them any more.
    private bool TryNext(out bool isDone, out bool isClear)
    {
        lock (_gate)
        {
            if (_batch is { Term: { } term } && term != _term)
            {
                _own.TakeBack(_batch, isRefused: false); // its lease is over
                _batch = null;
            }

            _isPausing = false;
            _batch ??= _own.Take(HasTerm() ? _term : null);
            isDone = _isClosing && _batch is null;
            isClear = _batch is null && !_own.HasChanges(hasTerm: true) && _trouble.NoteSucceeded();
            return _batch is not null;
        }
    }

    private void Made(LockBatch batch, KeyResult result)
    {
        lock (_gate)
        {
            _batch = null;
            _trouble.NoteSucceeded();
            if (!result.Succeeded && !batch.IsRepeated)
            {
                _own.TakeBack(batch, isRefused: false); // such a key exists already, so others are needed
            }
            else if (!_own.Made(batch, result.Revision))
            {
                _own.LineUpAnew();
            }
        }

        Settle([]);
    }

    private void NotMade(LockBatch batch, EngineException failure)
    {
        lock (_gate)
        {
            _isPausing = true;
            batch.IsRepeated |= failure.MayHaveHappened;
            _trouble.NoteFailed(failure);
            if (failure.IsRefused)
            {
                // Sent before, they may have been made then, as a whole: a key that was seen tells.
                if (batch.Added.FirstOrDefault(ticket => ticket.Term == batch.Term && ticket.Place is not null) is not { } seen)
                {
                    _own.TakeBack(batch, isRefused: true);
                }
                else if (!_own.Made(batch, seen.Place!.Created))
                {
                    _own.LineUpAnew();
                }

                _batch = null;
            }

            SetTimer();
        }

        Settle([]);
    }
}

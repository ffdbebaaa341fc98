using Proxy.Timing;

namespace Proxy.Etcd.Client;

/// <summary>
/// The changes under one prefix, from the stream to one reader. What waits is bounded: a reader that is too slow, as one whose changes were compacted, has to read
/// all keys again. Thread-safe, for one reader.
/// </summary>
/// <param name="prefix">The prefix.</param>
/// <param name="revision">The revision that the reader knows.</param>
/// <param name="data">The data that the reader has read, by <see cref="EtcdHealth.Data"/>.</param>
/// <param name="isStale">Whether the reader was told that the keys may be out of date.</param>
internal sealed class WatchFeed(string prefix, long revision, int data, bool isStale)
{
    /// <summary>The most bytes that wait.</summary>
    public const int MostBytes = 8 * 1024 * 1024;

    private const int ChangeBytes = 200; // of the objects, beside the key and the value

    private readonly Lock _gate = new(); // guards all that changes
    private readonly Queue<(KeyUpdate.Changed Change, int Bytes)> _changes = new();
    private readonly Signal _more = new();
    private long _revision = revision;
    private int _bytes;
    private bool _isToldStale = isStale;
    private string? _stale = isStale ? "" : null;
    private bool _isLost;
    private bool _wasAway; // since the reader has read all keys

    /// <summary>The prefix.</summary>
    public string Prefix => prefix;

    /// <summary>The data that the reader has read.</summary>
    public int Data => data;

    /// <summary>The revision up to which the reader gets all changes.</summary>
    public long Revision
    {
        get
        {
            lock (_gate)
            {
                return _revision;
            }
        }
    }

    /// <summary>Whether the reader has to read all keys again, so that nothing more is of use.</summary>
    public bool IsLost
    {
        get
        {
            lock (_gate)
            {
                return _isLost;
            }
        }
    }

    /// <summary>Whether the engine has ever begun to send changes.</summary>
    public bool WasCreated
    {
        get
        {
            lock (_gate)
            {
                return field;
            }
        }
        private set;
    }

    /// <summary>
    /// The engine sends changes from now on. After it was away, all keys have to be read again: that changes were compacted meanwhile is told only later.
    /// </summary>
    public void Created()
    {
        lock (_gate)
        {
            (_isLost, WasCreated) = (_isLost || _wasAway, true);
            _stale = _isLost ? _stale : null;
        }

        _more.Set();
    }

    /// <summary>The engine does not answer.</summary>
    public void Stale(string reason)
    {
        lock (_gate)
        {
            _stale ??= reason;
            _wasAway = true;
        }

        _more.Set();
    }

    /// <summary>Changes were made. False if too many wait.</summary>
    public bool Add(KeyUpdate.Changed change)
    {
        var bytes = change.Changes.Sum(static one => ChangeBytes + (2 * one.Key.Length) + (one.Now?.Value.Length ?? 0));
        lock (_gate)
        {
            if (_isLost || change.Revision <= _revision)
            {
                return !_isLost; // one that is known
            }

            // A single change may be larger than the bound.
            _isLost = _changes.Count > 0 && _bytes + bytes > MostBytes;
            if (_isLost)
            {
                _changes.Clear();
            }
            else
            {
                _changes.Enqueue((change, bytes));
                (_revision, _bytes) = (change.Revision, _bytes + bytes);
            }
        }

        _more.Set();
        return !IsLost;
    }

    /// <summary>Nothing has changed up to a revision.</summary>
    public void Advance(long revision)
    {
        lock (_gate)
        {
            _revision = Math.Max(_revision, revision);
        }
    }

    /// <summary>Changes may be missing: what waits is dropped.</summary>
    public void Lose()
    {
        lock (_gate)
        {
            _isLost = true;
            _changes.Clear();
        }

        _more.Set();
    }

    /// <summary>The next update: changes first, then whether the engine answers. Null if all keys have to be read again.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async ValueTask<KeyUpdate?> ReadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            lock (_gate)
            {
                if (_isLost)
                {
                    return null;
                }

                if (_changes.TryDequeue(out var next))
                {
                    _bytes -= next.Bytes;
                    return next.Change;
                }

                if (_isToldStale != (_stale is not null))
                {
                    _isToldStale = !_isToldStale;
                    return _isToldStale ? new KeyUpdate.Stale(_stale!) : new KeyUpdate.Fresh();
                }
            }

            await _more.WaitAsync(cancellationToken);
        }
    }
}

using Proxy.Etcd.Client;

namespace Proxy.Etcd.Tests;

/// <summary>
/// An engine in memory, which several processes of a test share. It has revisions, leases and compaction as etcd has them. Nothing happens by itself: leases end
/// when a test says so.
/// </summary>
internal sealed class MemoryCluster
{
    private readonly Lock _gate = new(); // guards all below
    private readonly SortedDictionary<string, StoredKey> _keys = new(StringComparer.Ordinal);
    private readonly List<KeyUpdate.Changed> _log = [];
    private readonly HashSet<long> _leases = [];
    private TaskCompletionSource _moved = New();
    private long _revision = 1;
    private long _compacted = 1;
    private long _lastLease;
    private int _data; // grows when the data was lost

    /// <summary>The revision of the newest change.</summary>
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

    /// <summary>All keys, in the order of their names.</summary>
    public IReadOnlyList<StoredKey> Keys => List("").Keys;

    /// <summary>Another process, with a lease of its own.</summary>
    public MemoryKeyStore Join() => new(this);

    /// <summary>Forgets all changes so far: a watch that has not seen them all gets all keys again.</summary>
    public void Compact()
    {
        lock (_gate)
        {
            _log.Clear();
            _compacted = _revision;
            Move();
        }
    }

    /// <summary>Makes all watches get all keys again.</summary>
    public void Resend()
    {
        lock (_gate)
        {
            _data++;
            Move();
        }
    }

    /// <summary>Ends leases, and makes all watches get all keys again: none sees one of the ends without the others.</summary>
    public void EndTogether(IReadOnlyCollection<long> leases)
    {
        lock (_gate)
        {
            foreach (var lease in leases)
            {
                End(lease);
            }

            _data++;
            Move();
        }
    }

    /// <summary>Loses all data and begins at revision 1, as a cluster that was set up anew; no lease is known any longer.</summary>
    public void LoseData()
    {
        lock (_gate)
        {
            _keys.Clear();
            _log.Clear();
            _leases.Clear();
            (_revision, _compacted) = (1, 1);
            _data++;
            Move();
        }
    }

    /// <summary>Writes a key without a lease, as an operator would.</summary>
    /// <returns>The revision.</returns>
    public long Put(string key, string value) =>
        Commit(new() { Operations = [new KeyOperation.Put(key, System.Text.Encoding.UTF8.GetBytes(value), 0)] }).Revision;

    /// <summary>Removes a key, as an operator would.</summary>
    /// <returns>The revision.</returns>
    public long Remove(string key) => Commit(new() { Operations = [new KeyOperation.Remove(key)] }).Revision;

    /// <summary>The value of a key as text; null if it does not exist.</summary>
    public string? Text(string key) => Get(key) is { } stored ? System.Text.Encoding.UTF8.GetString(stored.Value.Span) : null;

    /// <summary>Reads one key.</summary>
    public StoredKey? Get(string key)
    {
        lock (_gate)
        {
            return _keys.GetValueOrDefault(key);
        }
    }

    /// <summary>Reads all keys under a prefix.</summary>
    public KeyUpdate.Full List(string prefix)
    {
        lock (_gate)
        {
            return new(_revision, [.. _keys.Values.Where(key => key.Key.StartsWith(prefix, StringComparison.Ordinal))]);
        }
    }

    /// <summary>Makes changes.</summary>
    /// <exception cref="EngineException">A lease is unknown, or a key is changed twice.</exception>
    public KeyResult Commit(KeyTransaction transaction)
    {
        lock (_gate)
        {
            if (
                transaction.Operations.Count == 0
                || transaction.Operations.DistinctBy(static one => one.Key).Count() < transaction.Operations.Count
            )
            {
                throw new EngineException("A transaction changes each key once, and at least one.", false, isRefused: true, null);
            }

            if (
                transaction.Operations.OfType<KeyOperation.Put>().FirstOrDefault(put => put.Lease != 0 && !_leases.Contains(put.Lease)) is
                { } lost
            )
            {
                throw new EngineException($"The lease {lost.Lease:x} is not known.", false, isRefused: false, null);
            }

            if (!transaction.Conditions.All(Holds))
            {
                return new(false, _revision);
            }

            Write(transaction.Operations);
            return new(true, _revision);
        }
    }

    /// <summary>Grants a lease.</summary>
    public long Grant()
    {
        lock (_gate)
        {
            _leases.Add(++_lastLease);
            return _lastLease;
        }
    }

    /// <summary>Whether a lease is known.</summary>
    public bool Knows(long lease)
    {
        lock (_gate)
        {
            return _leases.Contains(lease);
        }
    }

    /// <summary>Ends a lease, with its keys in one revision.</summary>
    public void End(long lease)
    {
        lock (_gate)
        {
            if (_leases.Remove(lease))
            {
                Write([.. _keys.Values.Where(key => key.Lease == lease).Select(static key => new KeyOperation.Remove(key.Key))]);
            }
        }
    }

    /// <summary>What a watch that knows a revision has to see next; nothing if it is up to date.</summary>
    /// <param name="prefix">The prefix.</param>
    /// <param name="known">The revision and the data that it knows; null at the beginning.</param>
    /// <returns>The updates, what is known then, and what completes when there is more.</returns>
    internal (IReadOnlyList<KeyUpdate> Updates, (long Revision, int Data) Known, Task More) Since(
        string prefix,
        (long Revision, int Data)? known
    )
    {
        lock (_gate)
        {
            IReadOnlyList<KeyUpdate> updates =
                known is not { } at || at.Data != _data || at.Revision < _compacted
                    ? [List(prefix)]
                    : [.. _log.Where(change => change.Revision > at.Revision).Select(change => Under(prefix, change)).OfType<KeyUpdate>()];
            return (updates, (_revision, _data), _moved.Task);
        }
    }

    private static KeyUpdate.Changed? Under(string prefix, KeyUpdate.Changed changed)
    {
        KeyChange[] seen = [.. changed.Changes.Where(one => one.Key.StartsWith(prefix, StringComparison.Ordinal))];
        return seen.Length == 0 ? null : new(changed.Revision, seen);
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private bool Holds(KeyCondition condition) =>
        condition switch
        {
            KeyCondition.Absent => !_keys.ContainsKey(condition.Key),
            KeyCondition.ModifiedAt modified => _keys.GetValueOrDefault(condition.Key)?.ModRevision == modified.Revision,
            KeyCondition.CreatedAt created => _keys.GetValueOrDefault(condition.Key)?.CreateRevision == created.Revision,
            _ => throw new NotSupportedException(),
        };

    private void Write(IReadOnlyList<KeyOperation> operations)
    {
        var revision = _revision + 1;
        var changes = new List<KeyChange>();
        foreach (var operation in operations)
        {
            if (operation is KeyOperation.Put put)
            {
                var created = _keys.GetValueOrDefault(put.Key)?.CreateRevision ?? revision;
                _keys[put.Key] = new(put.Key, put.Value.ToArray(), created, revision, put.Lease);
                changes.Add(new(put.Key, _keys[put.Key]));
            }
            else if (_keys.Remove(operation.Key))
            {
                changes.Add(new(operation.Key, null));
            }
        }

        if (changes.Count > 0)
        {
            _revision = revision;
            _log.Add(new(revision, changes));
            Move();
        }
    }

    private void Move()
    {
        _moved.TrySetResult();
        _moved = New();
    }
}

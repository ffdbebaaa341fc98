using Proxy.Etcd.Client;

namespace Proxy.Etcd.Locking;

/// <summary>
/// The keys of this host's clients of one lock: which are still to be written, in the order of arrival, and which to be removed. Guarded by the lock of its
/// owner.
/// </summary>
/// <param name="view">The keys as they were seen.</param>
/// <param name="host">Makes names that no other key has.</param>
/// <param name="prefix">The beginning of the keys of the lock.</param>
internal sealed class OwnKeys(LockView view, LockHost host, string prefix)
{
    private const int MostChanges = 100; // etcd takes 128 in a transaction

    private readonly string _beginning = prefix + host.Open(); // of the names of all keys of these permits
    private readonly Dictionary<string, GlobalTicket> _tickets = new(StringComparer.Ordinal);
    private readonly Queue<GlobalTicket> _served = new(); // to be written before all that wait
    private readonly Queue<string> _unneeded = new(); // to be removed
    private readonly HashSet<string> _removing = new(StringComparer.Ordinal); // these, and those that the view may still show
    private readonly HashSet<string> _lost = new(StringComparer.Ordinal); // of these those whose clients had lost their permits
    private readonly Queue<(long Revision, IReadOnlyList<string> Keys)> _removed = new();
    private LinkedListNode<GlobalTicket>? _next; // the first that waits without a key; all behind it have none either
    private bool _isCautious;

    /// <summary>The waiting clients in the order of their arrival.</summary>
    public LinkedList<GlobalTicket> Waiting { get; } = new();

    /// <summary>Whether keys of waiting clients are written.</summary>
    public bool IsPaused { get; set; }

    /// <summary>Whether there is something to write.</summary>
    /// <param name="hasTerm">Whether there is a lease for new keys.</param>
    public bool HasChanges(bool hasTerm) => _unneeded.Count > 0 || (hasTerm && (_served.Count > 0 || (_next is not null && !IsPaused)));

    /// <summary>Whether a key was written for these permits.</summary>
    public bool IsOwn(string key) => key.StartsWith(_beginning, StringComparison.Ordinal);

    /// <summary>Whether a key is removed, or is about to be, so that it counts no longer here.</summary>
    public bool IsRemoving(string key) => _removing.Contains(key);

    public GlobalTicket? TicketOf(string key) => _tickets.GetValueOrDefault(key);

    public void LineUp(GlobalTicket ticket)
    {
        ticket.Waiting = Waiting.AddLast(ticket);
        _next ??= ticket.Waiting;
    }

    /// <summary>Takes a client out of those that wait; its key stays.</summary>
    public void StepOut(GlobalTicket ticket)
    {
        if (ticket.Waiting is { } node)
        {
            _next = _next == node ? node.Next : _next;
            Waiting.Remove(node);
            ticket.Waiting = null;
        }
    }

    /// <summary>Writes a key for a client that is served already; only while there is a lease for it.</summary>
    public void Serve(GlobalTicket ticket) => _served.Enqueue(ticket);

    /// <summary>Writes keys, with a lease that is new, for all clients that are served already.</summary>
    public void ServeAll(IEnumerable<GlobalTicket> tickets)
    {
        _served.Clear();
        foreach (var ticket in tickets)
        {
            _served.Enqueue(ticket);
        }
    }

    /// <summary>Removes the key of a client. One that has lost its permit was reset, which is no release: its service gets the time to notice.</summary>
    public void GiveUp(GlobalTicket ticket)
    {
        if (ticket.Key is { } key)
        {
            _tickets.Remove(key);
            Remove(key);
            if (ticket.IsLost)
            {
                _lost.Add(key);
            }
        }

        (ticket.Key, ticket.Written, ticket.Term, ticket.Place) = (null, 0, null, null);
    }

    /// <summary>Removes a key, which from now on counts no longer for the clients of this host.</summary>
    public void Remove(string key)
    {
        if (view.TryFind(key, out var place))
        {
            view.Remove(place);
        }

        if (_removing.Add(key))
        {
            _unneeded.Enqueue(key);
        }
    }

    /// <summary>
    /// Gives up the keys of all waiting clients, which line up anew in the order of their arrival. One alone would come to stand behind those that are behind it on
    /// this host, and both would wait for each other.
    /// </summary>
    public void LineUpAnew()
    {
        foreach (var ticket in Waiting)
        {
            GiveUp(ticket);
        }

        _next = Waiting.First;
    }

    /// <summary>Forgets that keys are to be removed, since they have ended with their lease.</summary>
    public void ForgetUnneeded()
    {
        _unneeded.Clear();
        _removed.Clear();
        _removing.Clear();
        _lost.Clear();
    }

    /// <summary>Takes the next changes; null if there are none.</summary>
    /// <param name="term">The term for new keys; null if there is none.</param>
    public LockBatch? Take(LeaseTerm? term)
    {
        List<string> removed = [];
        while (removed.Count < MostChanges && _unneeded.TryDequeue(out var key))
        {
            removed.Add(key);
        }

        // After a refusal what is refused must not keep back the rest.
        var added = term is null || (_isCautious && removed.Count > 0) ? [] : TakeTickets(term, MostChanges - removed.Count);
        if (removed.Count + added.Count == 0)
        {
            return null;
        }

        List<KeyOperation> operations = [.. removed.Select(static key => new KeyOperation.Remove(key))];
        if (removed.Count > 0 && !_isCautious && !removed.Exists(_lost.Contains))
        {
            operations.Add(new KeyOperation.Put(view.Marker, host.Mark, 0));
        }

        operations.AddRange(
            added.Select((ticket, index) => new KeyOperation.Put(ticket.Key!, host.Record(ticket, index).ToBytes(), term!.Id))
        );
        IReadOnlyList<KeyCondition> conditions = added.Count > 0 ? [new KeyCondition.Absent(added[0].Key!)] : [];
        return new(added.Count > 0 ? term : null, added, removed, new() { Conditions = conditions, Operations = operations });
    }

    /// <summary>Records that changes were made. False if keys were gone before this host knew that they had been written.</summary>
    public bool Made(LockBatch batch, long revision)
    {
        _isCautious = false;
        if (batch.Removed.Count > 0)
        {
            _removed.Enqueue((revision, batch.Removed));
            ForgetRemoved();
        }

        var isComplete = true;
        foreach (var ticket in batch.Added.Where(ticket => ticket.Key is not null && ticket.Term == batch.Term))
        {
            ticket.Written = revision;
            isComplete &= ticket.Place is not null || view.ListedAt < revision;
        }

        return isComplete;
    }

    /// <summary>Takes back changes which were refused, or whose lease is over, so that what is still wanted is taken again.</summary>
    /// <param name="batch">The changes.</param>
    /// <param name="isRefused">
    /// Whether the engine has refused them, as without room for more keys; removals are then tried without the marker. If they had been sent before, new keys may
    /// exist all the same, so others are written later, and these are removed.
    /// </param>
    public void TakeBack(LockBatch batch, bool isRefused)
    {
        _isCautious |= isRefused;
        foreach (var key in batch.Removed.Where(_removing.Contains))
        {
            _unneeded.Enqueue(key);
        }

        foreach (var ticket in batch.Added.Where(ticket => ticket.Key is not null && ticket.Term == batch.Term))
        {
            if (isRefused && batch.IsRepeated)
            {
                GiveUp(ticket);
            }
            else
            {
                _tickets.Remove(ticket.Key!);
                (ticket.Key, ticket.Term) = (null, null);
            }

            if (ticket.IsLocal)
            {
                _served.Enqueue(ticket);
            }
        }

        _next = FirstWithout();
    }

    /// <summary>
    /// Whether the keys of waiting clients, as far as they were seen, are in the order of arrival; only keys that are removed by hand, or data that were
    /// restored, can disturb it.
    /// </summary>
    public bool AreInOrder()
    {
        KeyPlace? last = null;
        var isEnd = false;
        foreach (var place in Waiting.Select(static ticket => ticket.Place))
        {
            if (place is null)
            {
                isEnd = true;
            }
            else if (isEnd || (last is not null && Compare(last, place) > 0))
            {
                return false;
            }
            else
            {
                last = place;
            }
        }

        return true;
    }

    /// <summary>Compares two keys by their order.</summary>
    public static int Compare(KeyPlace one, KeyPlace other) =>
        one.Created != other.Created ? one.Created.CompareTo(other.Created) : string.CompareOrdinal(one.Key, other.Key);

    /// <summary>Forgets all keys that were removed: the data have been set back, and may have them again.</summary>
    public void ForgetAllRemoved()
    {
        foreach (var (_, keys) in _removed)
        {
            _removing.ExceptWith(keys);
            _lost.ExceptWith(keys);
        }

        _removed.Clear();
    }

    /// <summary>Forgets the keys that the view shows no longer.</summary>
    public void ForgetRemoved()
    {
        while (_removed.TryPeek(out var oldest) && oldest.Revision <= view.Revision)
        {
            var keys = _removed.Dequeue().Keys;
            _removing.ExceptWith(keys);
            _lost.ExceptWith(keys);
        }
    }

    private List<GlobalTicket> TakeTickets(LeaseTerm term, int most)
    {
        List<GlobalTicket> taken = [];
        while (taken.Count < most && _served.TryDequeue(out var served))
        {
            if (served is { IsLocal: true, Key: null })
            {
                Name(served);
            }
        }

        while (!IsPaused && taken.Count < most && _next is { } node)
        {
            Name(node.Value);
            _next = node.Next;
        }

        return taken;

        void Name(GlobalTicket ticket)
        {
            (ticket.Key, ticket.Term) = (host.NextName(_beginning), term);
            _tickets.Add(ticket.Key, ticket);
            taken.Add(ticket);
        }
    }

    private LinkedListNode<GlobalTicket>? FirstWithout()
    {
        var node = Waiting.First;
        while (node is { Value.Key: not null })
        {
            node = node.Next;
        }

        return node;
    }
}

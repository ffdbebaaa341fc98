namespace Proxy.Limits;

/// <summary>
/// Counts the memory that buffers take, and makes those that want more wait while it is used up: first in, first out. What is counted is
/// counted in the parent too. One holder at a time may exceed the budget, so that a message which has begun can always be finished and
/// nothing waits for ever; and one of the whole process may do so when this has used up the process's budget twice. Thread-safe.
/// </summary>
/// <param name="limit">The limit in bytes.</param>
/// <param name="parent">The budget that this one is a part of; null for the budget of the process.</param>
/// <param name="isUntaken">Whether what it counts itself is released by those that take it: see <see cref="AwaitsTaking"/>.</param>
internal sealed class ByteBudget(long limit, ByteBudget? parent = null, bool isUntaken = false)
{
    /// <summary>The size in bytes up to which a buffer is not counted, so that small messages never wait.</summary>
    public const int Uncounted = 4096;

    private readonly Lock _gate = new(); // guards the queues and what follows them, except the numbers
    private readonly ByteBudget? _parent = parent;
    private readonly LinkedList<(ByteHolder Holder, long Bytes)> _waiting = [];
    private readonly Queue<ByteBudget> _blocked = new(); // parts that wait for this budget, each at most once
    private volatile ByteHolder? _exceeding;
    private volatile ByteHolder? _last; // in the budget of the process: the one that may exceed its ceiling
    private bool _isBlocked; // whether it is in the parent's queue
    private int _interest; // not 0 once something has waited, so that a release need not take the lock before
    private long _used;
    private long _untaken;

    /// <summary>The limit in bytes.</summary>
    public long Limit
    {
        get => Volatile.Read(ref field);
        set
        {
            Volatile.Write(ref field, value);
            WakeAll();
        }
    } = limit;

    /// <summary>The bytes that are counted.</summary>
    public long Used => Volatile.Read(ref _used);

    /// <summary>Whether it, or a budget that it is a part of, is used up.</summary>
    public bool IsFull => Used >= Limit || _parent is { IsFull: true };

    /// <summary>
    /// Whether the budget of the process is used up twice. Then the messages that may exceed their own budgets wait too, all but one.
    /// </summary>
    public bool IsAtCeiling => _parent?.IsAtCeiling ?? (Used >= 2 * Limit);

    /// <summary>
    /// Whether what has to be taken uses it up alone, or a budget that it is a part of: then nothing should be begun that produces more.
    /// </summary>
    public bool AwaitsTaking => Volatile.Read(ref _untaken) >= Limit || _parent is { AwaitsTaking: true };

    /// <summary>The number of holders that wait.</summary>
    public int Waiting
    {
        get
        {
            lock (_gate)
            {
                return _waiting.Count;
            }
        }
    }

    /// <summary>Whether holders wait for it, or those of other parts for the budget that it is a part of.</summary>
    public bool KeepsOthersWaiting => Waiting > 0 || _parent is { IsFull: true, HasBlocked: true };

    /// <summary>The budget of the process: a quarter of the memory that it may use, the limit of a container included.</summary>
    public static ByteBudget OfProcess() => new(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4);

    /// <summary>Counts bytes, or counts them off. It never waits.</summary>
    /// <param name="bytes">The bytes; negative if they were released.</param>
    public void Add(long bytes)
    {
        Count(bytes);
        if (bytes < 0)
        {
            for (var budget = this; budget is not null; budget = budget._parent)
            {
                budget.WakeAll();
            }
        }
    }

    /// <summary>Reserves bytes for a holder, or queues it.</summary>
    /// <returns>
    /// Whether the bytes are reserved. If not, the holder is woken when they are, and asks for nothing until then.
    /// </returns>
    public bool TryReserve(ByteHolder holder, long bytes)
    {
        lock (_gate)
        {
            // The one that may exceed the budget goes first: what others wait for is that it finishes.
            var entry = _exceeding == holder ? _waiting.AddFirst((holder, bytes)) : _waiting.AddLast((holder, bytes));
            Interlocked.Exchange(ref _interest, 1);
            Admit(holder);
            return entry.List is null;
        }
    }

    /// <summary>Takes a holder out of the queue. If it may exceed the budget, another one may instead.</summary>
    public void Leave(ByteHolder holder)
    {
        lock (_gate)
        {
            var entry = _waiting.First;
            while (entry is not null && entry.Value.Holder != holder)
            {
                entry = entry.Next;
            }

            if (entry is not null)
            {
                _waiting.Remove(entry);
            }
        }

        Yield(holder);
    }

    /// <summary>Whether a holder may exceed the budget at present.</summary>
    public bool IsTurnOf(ByteHolder holder) => _exceeding == holder;

    /// <summary>Ends a holder's turn to exceed the budget, if it has it.</summary>
    public void Yield(ByteHolder holder)
    {
        if (_exceeding == holder)
        {
            lock (_gate)
            {
                EndTurn(holder); // another thread may have ended it meanwhile, and the turn may be another holder's
            }
        }

        WakeFromRoot();
    }

    // The process's budget first, so that the turn to exceed its ceiling goes from part to part.
    private void WakeFromRoot()
    {
        _parent?.WakeFromRoot();
        WakeAll();
    }

    // A part may be in the queue although its holders have left meanwhile. Locks are taken from part to parent only.
    private bool HasBlocked
    {
        get
        {
            ByteBudget[] parts;
            lock (_gate)
            {
                parts = [.. _blocked];
            }

            return parts.Any(static part => part.Waiting > 0);
        }
    }

    private void Count(long bytes)
    {
        for (var budget = this; budget is not null; budget = budget._parent)
        {
            Interlocked.Add(ref budget._used, bytes);
            if (isUntaken)
            {
                Interlocked.Add(ref budget._untaken, bytes);
            }
        }
    }

    private void WakeAll()
    {
        if (Volatile.Read(ref _interest) == 0)
        {
            return;
        }

        int blocked;
        lock (_gate)
        {
            Admit(null);
            blocked = _blocked.Count;
        }

        // A part queues again if there is still no room for it, so parts take turns.
        for (; blocked > 0 && (!IsAtCeiling || _last is null) && TakeBlocked() is { } part; blocked--)
        {
            part.WakeAll();
        }
    }

    // Admits those in front of the queue. The asking one is not woken, since its call has not returned.
    private void Admit(ByteHolder? asking)
    {
        while (_waiting.First is { Value: var (holder, bytes) } && (MayTake(holder, bytes) || (IsBlocked() && MayTake(holder, bytes))))
        {
            _waiting.RemoveFirst();
            Count(bytes);
            if (!holder.Grant(bytes, wakes: holder != asking))
            {
                Count(-bytes); // it was closed meanwhile
                EndTurn(holder);
            }
        }
    }

    private void EndTurn(ByteHolder holder)
    {
        if (_exceeding == holder)
        {
            _exceeding = null;
            Root.LeaveCeiling(holder);
        }
    }

    private bool MayTake(ByteHolder holder, long bytes)
    {
        if (HasRoom(bytes))
        {
            return true;
        }

        if ((_exceeding is not null && _exceeding != holder) || (IsAtCeiling && !Root.MayExceedCeiling(holder)))
        {
            return false;
        }

        _exceeding = holder;
        return true;
    }

    private ByteBudget Root => _parent?.Root ?? this;

    // Without it, all those that have begun a message could wait for each other.
    private bool MayExceedCeiling(ByteHolder holder) => (Interlocked.CompareExchange(ref _last, holder, null) ?? holder) == holder;

    private void LeaveCeiling(ByteHolder holder) => Interlocked.CompareExchange(ref _last, null, holder);

    private bool HasRoom(long bytes) => Used + bytes <= Limit && (_parent is null || _parent.HasRoom(bytes));

    // Makes the parent wake this budget when it has room, and returns whether there is a parent: the caller then tries again, since the parent
    // may have got room before it knew.
    private bool IsBlocked()
    {
        if (_parent is { } parent && !_isBlocked)
        {
            _isBlocked = true;
            lock (parent._gate)
            {
                parent._blocked.Enqueue(this);
                Interlocked.Exchange(ref parent._interest, 1);
            }
        }

        return _parent is not null;
    }

    private ByteBudget? TakeBlocked()
    {
        ByteBudget? part;
        lock (_gate)
        {
            _blocked.TryDequeue(out part);
        }

        if (part is not null)
        {
            lock (part._gate)
            {
                part._isBlocked = false;
            }
        }

        return part;
    }
}

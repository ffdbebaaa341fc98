namespace Proxy.Limits;

/// <summary>What one client or connection holds of a budget. Nothing is counted before it is opened or after it is closed. Thread-safe.</summary>
/// <param name="wake">Called when reserved bytes are granted that were waited for. It must only schedule work.</param>
internal sealed class ByteHolder(Action? wake = null)
{
    private readonly Lock _gate = new(); // guards all fields
    private ByteBudget? _budget;
    private long _held; // with what is reserved
    private long _reserved;

    /// <summary>The bytes that it holds.</summary>
    public long Held
    {
        get
        {
            lock (_gate)
            {
                return _held;
            }
        }
    }

    /// <summary>Begins to count in a budget, with what it holds. It must not wait for memory of another one.</summary>
    public void Open(ByteBudget budget)
    {
        ByteBudget? former;
        long held;
        lock (_gate)
        {
            (former, held) = (_budget, _held);
            _budget = budget;
        }

        if (former is not null)
        {
            budget.Add(held);
            former.Add(-held);
            former.Yield(this);
        }
    }

    /// <summary>Counts the memory of a buffer that has changed its size. Reserved bytes are used first.</summary>
    /// <param name="before">The former size in bytes.</param>
    /// <param name="after">The new size in bytes.</param>
    public void Resize(int before, int after)
    {
        long change = Counted(after) - Counted(before);
        if (change == 0)
        {
            return;
        }

        ByteBudget? budget;
        bool isEmpty;
        lock (_gate)
        {
            budget = _budget;
            if (budget is null)
            {
                return;
            }

            // What is left of a reservation is given back too: the buffer has grown, which it was for.
            var reserved = change > 0 ? _reserved : 0;
            _reserved -= reserved;
            change -= reserved;
            _held += change;
            isEmpty = _held == 0;
        }

        budget.Add(change);
        if (isEmpty)
        {
            budget.Yield(this);
        }
    }

    /// <summary>Reserves the bytes by which a buffer is about to grow.</summary>
    /// <returns>Whether they are reserved; if not, the holder is woken when they are.</returns>
    public bool TryReserve(int bytes) => Budget?.TryReserve(this, bytes) ?? true;

    /// <summary>Takes reserved bytes, called by the budget.</summary>
    /// <returns>False if it is closed.</returns>
    public bool Grant(long bytes, bool wakes)
    {
        lock (_gate)
        {
            if (_budget is null)
            {
                return false;
            }

            _held += bytes;
            _reserved += bytes;
        }

        if (wakes)
        {
            wake?.Invoke();
        }

        return true;
    }

    /// <summary>Takes back a reservation that is waited for, or was just granted.</summary>
    public void Cancel()
    {
        Budget?.Leave(this);
        ByteBudget? budget;
        long reserved;
        lock (_gate)
        {
            (budget, reserved) = (_budget, _reserved);
            _held -= reserved;
            _reserved = 0;
        }

        budget?.Add(-reserved);
    }

    /// <summary>Whether it holds bytes while others wait.</summary>
    public bool KeepsOthersWaiting => Held > 0 && Budget is { KeepsOthersWaiting: true };

    private ByteBudget? Budget
    {
        get
        {
            lock (_gate)
            {
                return _budget;
            }
        }
    }

    /// <summary>Whether it may exceed the budget at present.</summary>
    public bool HasTurn => Budget?.IsTurnOf(this) is true;

    /// <summary>Lets another holder exceed the budget, if it is this one's turn.</summary>
    public void GiveWay() => Budget?.Yield(this);

    /// <summary>Releases everything at once and counts nothing any more.</summary>
    public void Close()
    {
        ByteBudget? budget;
        long held;
        lock (_gate)
        {
            (budget, held) = (_budget, _held);
            _budget = null;
            _held = _reserved = 0;
        }

        if (budget is not null)
        {
            budget.Add(-held);
            budget.Leave(this);
        }
    }

    private static int Counted(int size) => size > ByteBudget.Uncounted ? size : 0;
}

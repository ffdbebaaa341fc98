namespace Proxy.Tls.Termination;

/// <summary>The sources whose clients shake hands or wait to, at one endpoint. Guarded by the gate.</summary>
internal sealed class HandshakeSources
{
    private const int Share = 4; // a source that has this part of the places stands behind the others

    private readonly Dictionary<UInt128, Source> _all = [];
    private readonly LinkedList<Source> _turns = []; // of those with clients that wait

    /// <summary>The number of clients that wait.</summary>
    public int Waiting { get; private set; }

    /// <summary>Counts a place that a source has got.</summary>
    public void Enter(UInt128 key) => Of(key).Running++;

    /// <summary>Counts off a place.</summary>
    public void Exit(UInt128 key)
    {
        var source = Of(key);
        source.Running--;
        Forget(source);
    }

    /// <summary>Adds a client that waits.</summary>
    public void Wait(HandshakeWaiter waiter)
    {
        var source = Of(waiter.Source);
        source.Waiting.AddLast(waiter.Node);
        Waiting++;
        if (source.Waiting.Count == 1)
        {
            _turns.AddLast(source.Turn);
        }
    }

    /// <summary>Removes a client that waits.</summary>
    /// <returns>False if it waits no longer, since it has got a place.</returns>
    public bool Leave(HandshakeWaiter waiter)
    {
        if (waiter.Node.List is null)
        {
            return false;
        }

        Remove(Of(waiter.Source), waiter);
        return true;
    }

    /// <summary>Takes the next client, whose place is counted.</summary>
    /// <param name="limit">The number of places.</param>
    /// <returns>Null if none waits.</returns>
    public HandshakeWaiter? Next(int limit)
    {
        var source = First(Math.Max(1, limit / Share));
        if (source?.Waiting.First is not { Value: var waiter })
        {
            return null;
        }

        source.Running++;
        Remove(source, waiter);
        if (source.Turn.List is not null)
        {
            _turns.Remove(source.Turn);
            _turns.AddLast(source.Turn);
        }

        return waiter;
    }

    // No more than a few sources can have their share, so this is short.
    private Source? First(int share)
    {
        foreach (var source in _turns)
        {
            if (source.Running < share)
            {
                return source;
            }
        }

        return _turns.First?.Value;
    }

    private void Remove(Source source, HandshakeWaiter waiter)
    {
        source.Waiting.Remove(waiter.Node);
        Waiting--;
        if (source.Waiting.Count == 0)
        {
            _turns.Remove(source.Turn);
            Forget(source);
        }
    }

    private Source Of(UInt128 key)
    {
        if (!_all.TryGetValue(key, out var source))
        {
            _all.Add(key, source = new(key));
        }

        return source;
    }

    private void Forget(Source source)
    {
        if (source is { Running: 0, Waiting.Count: 0 })
        {
            _all.Remove(source.Key);
        }
    }

    private sealed class Source
    {
        public Source(UInt128 key)
        {
            Key = key;
            Turn = new(this);
        }

        public UInt128 Key { get; }

        public int Running { get; set; }

        public LinkedList<HandshakeWaiter> Waiting { get; } = [];

        public LinkedListNode<Source> Turn { get; }
    }
}

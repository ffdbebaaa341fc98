namespace Proxy.Host.Observability.Prometheus;

/// <summary>The answers that are being sent: so many at a time. One more ends the oldest, since a client that reads is done long before.</summary>
internal sealed class SendingScrapes(int limit)
{
    private readonly Lock _gate = new(); // guards _sending
    private readonly LinkedList<CancellationTokenSource> _sending = [];

    /// <summary>Adds one, whose deadline this may bring forward.</summary>
    public LinkedListNode<CancellationTokenSource> Add(CancellationTokenSource deadline)
    {
        CancellationTokenSource? oldest = null;
        LinkedListNode<CancellationTokenSource> added;
        lock (_gate)
        {
            if (_sending.Count >= limit)
            {
                oldest = _sending.First!.Value;
                _sending.RemoveFirst();
            }

            added = _sending.AddLast(deadline);
        }

        End(oldest);
        return added;
    }

    public void Remove(LinkedListNode<CancellationTokenSource> sending)
    {
        lock (_gate)
        {
            if (sending.List == _sending)
            {
                _sending.Remove(sending);
            }
        }
    }

    private static void End(CancellationTokenSource? oldest)
    {
        try
        {
            oldest?.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It has just been sent.
        }
    }
}

namespace Proxy.Host.Observability.Prometheus;

/// <summary>
/// Limits how many answers are sent at a time. One more than the limit ends the oldest: a scraper that reads has its answer within milliseconds, so the
/// oldest is one that does not read.
/// </summary>
internal sealed class SendingScrapes(int limit)
{
    private readonly Lock _gate = new(); // guards _sending
    private readonly LinkedList<CancellationTokenSource> _sending = [];

    /// <summary>Adds an answer; cancelled when it is the oldest and there are too many.</summary>
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
            // It was sent in the meantime.
        }
    }
}

namespace Proxy.Host.Observability.Prometheus;

/// <summary>
/// Limits the number of answers that are sent at the same time. At the limit, a new answer cancels the oldest. A scraper that reads
/// receives its answer within milliseconds, so the oldest is most likely a scraper that does not read.
/// </summary>
internal sealed class SendingScrapes(int limit)
{
    private readonly Lock _gate = new(); // guards _sending
    private readonly LinkedList<CancellationTokenSource> _sending = [];

    /// <summary>Adds an answer. Its deadline is cancelled if it is the oldest when the limit is exceeded.</summary>
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
            // The answer has been sent in the meantime.
        }
    }
}

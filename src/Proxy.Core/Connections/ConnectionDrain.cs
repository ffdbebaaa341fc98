using Proxy.Diagnostics;
using Proxy.Timing;

namespace Proxy.Connections;

/// <summary>Gives connections some time to end by themselves, and resets those that have not.</summary>
internal sealed class ConnectionDrain(DeadlineClock clock)
{
    /// <summary>Gives a connection its time.</summary>
    /// <param name="record">The connection.</param>
    /// <param name="limit">From now; zero resets it at once, infinite never.</param>
    /// <param name="outcome">What it ends with.</param>
    /// <param name="isSpared">Asked when the time is over: whether it may go on after all. Quick, and does not throw.</param>
    public void Begin(ConnectionRecord record, TimeSpan limit, ConnectionOutcome outcome, Func<bool>? isSpared = null)
    {
        if (limit == TimeSpan.Zero)
        {
            record.Close(outcome);
        }
        else if (limit > TimeSpan.Zero)
        {
            clock.Add(new Deadline(record, outcome, isSpared, clock, clock.Now + (long)limit.TotalMilliseconds));
        }
    }

    private sealed class Deadline(
        ConnectionRecord record,
        ConnectionOutcome outcome,
        Func<bool>? isSpared,
        DeadlineClock clock,
        long expires
    ) : IDeadline
    {
        public void Check(long now)
        {
            if (now >= expires && isSpared?.Invoke() != true)
            {
                record.Close(outcome);
            }

            if (now >= expires || record.Outcome is not null)
            {
                clock.Remove(this);
            }
        }
    }
}

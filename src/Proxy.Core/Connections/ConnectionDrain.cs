using Proxy.Diagnostics;
using Proxy.Timing;

namespace Proxy.Connections;

/// <summary>Gives connections time to end by themselves, and resets those that have not.</summary>
internal sealed class ConnectionDrain(DeadlineClock clock)
{
    /// <summary>Starts the time limit of a connection.</summary>
    /// <param name="record">The connection.</param>
    /// <param name="limit">The time from now; zero resets the connection immediately, infinite never.</param>
    /// <param name="outcome">The outcome of the connection if it is reset.</param>
    /// <param name="isSpared">Called when the time is over; true lets the connection go on. Has to be quick and must not throw.</param>
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

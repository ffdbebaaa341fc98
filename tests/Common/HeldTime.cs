using System.Collections.Concurrent;

namespace Proxy.Testing;

/// <summary>The system's clock, of which the pauses of one length end when a test says so.</summary>
/// <param name="held">The length, which no other pause has.</param>
internal sealed class HeldTime(TimeSpan held) : TimeProvider
{
    private readonly ConcurrentQueue<ITimer> _held = new();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (dueTime != held)
        {
            return base.CreateTimer(callback, state, dueTime, period);
        }

        var timer = base.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _held.Enqueue(timer);
        return timer;
    }

    /// <summary>Ends these pauses, as they begin, until something has happened.</summary>
    public Task ReleaseUntilAsync(Func<bool> fact) =>
        Eventually.TrueAsync(() =>
        {
            Release();
            return fact();
        });

    private void Release()
    {
        while (_held.TryDequeue(out var timer))
        {
            timer.Change(TimeSpan.Zero, Timeout.InfiniteTimeSpan); // does nothing where the pause was given up
        }
    }
}

namespace Proxy.Diagnostics;

/// <summary>
/// Writes a line for every open connection about once per interval, with one timer for all. Each tick continues through the open
/// connections for its share of the interval, so that lines are spread over it and a connection needs no timer of its own.
/// </summary>
internal sealed class AccessLogProgress(ConnectionTracker tracker, Action<ConnectionRecord> write, TimeProvider time) : IDisposable
{
    private const int MostTicks = 60;
    private static readonly TimeSpan _shortestTick = TimeSpan.FromMilliseconds(100);

    private readonly Lock _gate = new(); // guards all fields
    private ITimer? _timer;
    private TimeSpan _interval = Timeout.InfiniteTimeSpan;
    private IEnumerator<ConnectionRecord>? _pass;
    private int _ticks;
    private int _tick;
    private int _share;

    /// <summary>Starts with an interval; the same one again changes nothing.</summary>
    public void SetInterval(TimeSpan interval)
    {
        lock (_gate)
        {
            if (interval == _interval)
            {
                return;
            }

            Stop();
            _interval = interval;
            if (interval > TimeSpan.Zero)
            {
                _ticks = (int)Math.Clamp(interval / _shortestTick, 1, MostTicks);
                _timer = time.CreateTimer(static state => ((AccessLogProgress)state!).Tick(), this, interval / _ticks, interval / _ticks);
            }
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            Stop();
            _interval = Timeout.InfiniteTimeSpan;
        }
    }

    private void Stop()
    {
        _timer?.Dispose();
        _timer = null;
        _tick = 0;
        EndPass();
    }

    private void EndPass()
    {
        _pass?.Dispose();
        _pass = null;
    }

    private void Tick()
    {
        // A tick that takes longer than the time between two must not run twice.
        if (!_gate.TryEnter())
        {
            return;
        }

        try
        {
            if (_timer is not null)
            {
                Advance();
            }
        }
        finally
        {
            _gate.Exit();
        }
    }

    private void Advance()
    {
        if (_tick == 0)
        {
            EndPass();
            _pass = tracker.Open.GetEnumerator();
            _share = (tracker.Count + _ticks - 1) / _ticks;
        }

        // The last tick also visits connections that were added meanwhile.
        var left = ++_tick == _ticks ? int.MaxValue : _share;
        while (left-- > 0 && _pass!.MoveNext())
        {
            Visit(_pass.Current);
        }

        _tick %= _ticks;
        if (_tick == 0)
        {
            EndPass();
        }
    }

    // A connection that has just started has nothing to report beyond its first line.
    private void Visit(ConnectionRecord record)
    {
        if (record.Outcome is null && record.Elapsed >= _interval / 2)
        {
            write(record);
        }
    }
}

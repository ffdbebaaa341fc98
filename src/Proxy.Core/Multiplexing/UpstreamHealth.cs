using Proxy.Timing;

namespace Proxy.Multiplexing;

/// <summary>How a destination has done lately: the pause after failures, and why connections were lost. Guarded by the session.</summary>
internal sealed class UpstreamHealth(UpstreamSettings settings, TimeProvider time)
{
    private readonly Backoff _backoff = new(time, settings.Multiplex.RetryDelay, settings.Multiplex.MaxRetryDelay);
    private long _failedAt;

    public RecentErrors Errors { get; } = new(time);

    /// <summary>How long nothing is tried; zero when something may be.</summary>
    public TimeSpan RetryIn => _backoff.Remaining;

    public bool IsPausing => RetryIn > TimeSpan.Zero;

    /// <summary>Whether nothing answers there. After one lost connection those wait that had no part in it.</summary>
    public bool IsDown => IsPausing && (IsUnreachable || _backoff.Failures > 1);

    private bool IsUnreachable { get; set; } // the last dial failed

    /// <summary>Begins anew with other settings.</summary>
    public void Apply(UpstreamSettings next)
    {
        _backoff.First = next.Multiplex.RetryDelay;
        _backoff.Longest = next.Multiplex.MaxRetryDelay;
        _backoff.Reset();
        IsUnreachable = false;
    }

    public void Connected() => IsUnreachable = false;

    public void NotConnected(long now)
    {
        IsUnreachable = true;
        Failed(now);
    }

    /// <summary>Notes a failure.</summary>
    /// <param name="now">Milliseconds of the clock.</param>
    public void Failed(long now)
    {
        _failedAt = now;
        _backoff.Fail();
    }

    /// <summary>Notes that a connection did what it is for. One that was there before the failure says nothing about it.</summary>
    /// <param name="since">Milliseconds of the clock when it was connected.</param>
    public void Succeeded(long since)
    {
        if (since >= _failedAt)
        {
            _backoff.Reset();
        }
    }
}

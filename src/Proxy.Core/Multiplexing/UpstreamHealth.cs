using Proxy.Diagnostics;
using Proxy.Timing;

namespace Proxy.Multiplexing;

/// <summary>
/// The recent health of a destination: the pause after failures, and the reasons of losses. Guarded by the session's lock.
/// </summary>
internal sealed class UpstreamHealth(UpstreamSettings settings, TimeProvider time)
{
    private readonly Backoff _backoff = new(time, settings.Multiplex.RetryDelay, settings.Multiplex.MaxRetryDelay);
    private long _failedAt;

    private readonly FailureRun _failures = new(time);

    /// <summary>The dials and connections that failed since the last answer; null if there are none.</summary>
    public Failures? Failures => _failures.Current;

    public RecentErrors Errors { get; } = new(time);

    /// <summary>The time until the next attempt; zero if one may be made now.</summary>
    public TimeSpan RetryIn => _backoff.Remaining;

    public bool IsPausing => RetryIn > TimeSpan.Zero;

    /// <summary>
    /// Whether the destination does not answer, so that waiting requests fail. After the first lost connection they still wait, since they
    /// had no part in the loss.
    /// </summary>
    public bool IsDown => IsPausing && (IsUnreachable || _backoff.Failures > 1);

    private bool IsUnreachable { get; set; } // since the last dial failed

    private bool HasLost { get; set; } // whether connections were lost since the last answer

    /// <summary>Forgets earlier failures and applies new settings.</summary>
    public void Apply(UpstreamSettings next)
    {
        _backoff.First = next.Multiplex.RetryDelay;
        _backoff.Longest = next.Multiplex.MaxRetryDelay;
        _backoff.Reset();
        Forget();
        IsUnreachable = false;
    }

    /// <summary>Records a successful dial. It ends a run of failed dials; what loses its connections has to answer.</summary>
    public void Connected()
    {
        IsUnreachable = false;
        if (!HasLost)
        {
            _failures.Succeeded();
        }
    }

    public void NotConnected(long now)
    {
        IsUnreachable = true;
        Note(now);
    }

    /// <summary>Records a lost connection.</summary>
    /// <param name="now">Milliseconds of the clock.</param>
    public void Failed(long now)
    {
        HasLost = true;
        Note(now);
    }

    /// <summary>Records that a connection has worked. A connection from before the last failure proves nothing.</summary>
    /// <param name="since">Milliseconds of the clock when it was connected.</param>
    public void Succeeded(long since)
    {
        if (since >= _failedAt)
        {
            _backoff.Reset();
            Forget();
        }
    }

    private void Note(long now)
    {
        _failedAt = now;
        _backoff.Fail();
        _failures.Failed(Errors.Last);
    }

    private void Forget()
    {
        _failures.Succeeded();
        HasLost = false;
    }
}

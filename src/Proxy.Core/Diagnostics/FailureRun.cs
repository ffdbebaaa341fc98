namespace Proxy.Diagnostics;

/// <summary>
/// Counts failures in a row, with the times of the first and the last one. The run ends with a success or, if there is a gap, when no failure happened
/// for so long. Thread-safe; a success costs one read while nothing fails.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="gap">The time without a failure that ends the run; null if only a success ends it.</param>
internal sealed class FailureRun(TimeProvider time, TimeSpan? gap = null)
{
    private const int MostCharacters = 200;
    private readonly Lock _gate = new(); // guards writing _run
    private volatile Failures? _run;

    /// <summary>The run; null if the last attempt succeeded or nothing failed lately.</summary>
    public Failures? Current => _run is { } run && !IsOver(run, time.GetUtcNow()) ? run : null;

    /// <summary>Records failures.</summary>
    /// <param name="error">Why, as a sentence.</param>
    /// <param name="count">How many.</param>
    public void Failed(string? error = null, long count = 1)
    {
        var now = time.GetUtcNow();
        var reason = error is { Length: > MostCharacters } ? error[..MostCharacters] : error;
        lock (_gate)
        {
            _run =
                _run is { } run && !IsOver(run, now)
                    ? new(run.Count + count, run.Since, now, reason ?? run.LastError)
                    : new(count, now, now, reason);
        }
    }

    /// <summary>Ends the run.</summary>
    public void Succeeded()
    {
        if (_run is null)
        {
            return;
        }

        lock (_gate)
        {
            _run = null;
        }
    }

    private bool IsOver(Failures run, DateTimeOffset now) => gap is { } limit && now - run.LastAt > limit;
}

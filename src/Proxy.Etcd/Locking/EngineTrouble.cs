using Proxy.Etcd.Client;

namespace Proxy.Etcd.Locking;

/// <summary>What keeps this host from admitting clients in turn, since when and why. Guarded by the lock of its owner.</summary>
/// <param name="time">The clock.</param>
/// <param name="patience">How long the engine may take to grant the first lease, and to take changes.</param>
internal sealed class EngineTrouble(TimeProvider time, TimeSpan patience)
{
    private readonly long _opened = time.GetTimestamp();
    private (DateTimeOffset Since, string Reason)? _stale;
    private (DateTimeOffset Since, string Reason)? _failure;
    private DateTimeOffset _withoutSince = time.GetUtcNow();
    private long _without = time.GetTimestamp();
    private long _failing;
    private bool _isRefused;
    private bool _hasLease;
    private bool _hadLease;

    /// <summary>Whether the keys may be out of date.</summary>
    public bool IsStale => _stale is not null;

    /// <summary>How long there has been no lease; zero if there is one.</summary>
    public TimeSpan WithoutLease => _hasLease ? TimeSpan.Zero : time.GetElapsedTime(_without);

    /// <summary>Whether there is nothing to tell.</summary>
    public bool IsNone => Current() is null;

    /// <summary>The time until something may be to tell that is not yet; zero if there is no such time.</summary>
    public TimeSpan Left
    {
        get
        {
            var lease = _hasLease ? TimeSpan.Zero : patience - time.GetElapsedTime(_without);
            var failure = _failure is null ? TimeSpan.Zero : patience - time.GetElapsedTime(_failing);
            return lease > TimeSpan.Zero ? lease
                : failure > TimeSpan.Zero ? failure
                : TimeSpan.Zero;
        }
    }

    /// <summary>Since when and why; null if there is nothing to tell.</summary>
    public (DateTimeOffset? Since, string? Reason) Describe() => Current() is { } trouble ? (trouble.Since, trouble.Reason) : (null, null);

    /// <summary>Records whether there is a lease with time left.</summary>
    public void NoteLease(bool isUsable)
    {
        if (_hasLease && !isUsable)
        {
            (_without, _withoutSince) = (time.GetTimestamp(), time.GetUtcNow());
        }

        _hasLease = isUsable;
        _hadLease |= isUsable;
    }

    public void NoteStale(string reason) => _stale ??= (time.GetUtcNow(), reason);

    public void NoteFresh() => _stale = null;

    /// <summary>Records that changes were not made.</summary>
    public void NoteFailed(EngineException failure)
    {
        _failing = _failure is null ? time.GetTimestamp() : _failing;
        _failure = (_failure?.Since ?? time.GetUtcNow(), failure.Message);
        _isRefused = failure.IsRefused;
    }

    /// <summary>Records that changes were made, or that there are none.</summary>
    /// <returns>Whether some had failed before.</returns>
    public bool NoteSucceeded()
    {
        var hadFailed = _failure is not null;
        _failure = null;
        return hadFailed;
    }

    private (DateTimeOffset Since, string Reason)? Current() =>
        _stale is { } stale ? stale
        : !_hasLease && (_hadLease || time.GetElapsedTime(_opened) >= patience)
            ? (_withoutSince, "The engine has granted this host no lease, or the lease was not renewed in time.")
        : _failure is { } failure && (_isRefused || time.GetElapsedTime(_failing) >= patience) ? failure
        : null;
}

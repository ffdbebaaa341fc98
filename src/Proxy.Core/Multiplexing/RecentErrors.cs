namespace Proxy.Multiplexing;

/// <summary>
/// The latest errors of a session, newest first; a repeated error is counted in one entry. Guarded by the session's lock.
/// </summary>
internal sealed class RecentErrors(TimeProvider time)
{
    private const int Most = 8;
    private readonly List<MultiplexError> _errors = [];

    public IReadOnlyList<MultiplexError> List => [.. _errors];

    /// <summary>The newest reason; null if there is none.</summary>
    public string? Last => _errors is [var last, ..] ? last.Reason : null;

    public void Add(string reason)
    {
        var times = 1;
        if (_errors is [var last, ..] && last.Reason == reason)
        {
            times += last.Times;
            _errors.RemoveAt(0);
        }

        _errors.Insert(0, new MultiplexError(reason, time.GetUtcNow(), times));
        if (_errors.Count > Most)
        {
            _errors.RemoveAt(Most);
        }
    }
}

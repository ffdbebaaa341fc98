namespace Proxy;

/// <summary>How long to wait before something that failed is tried again: 1 s, doubling to 30 s.</summary>
internal sealed class RetryPause
{
    private static readonly TimeSpan _first = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _longest = TimeSpan.FromSeconds(30);

    /// <summary>Zero when nothing is to be tried again.</summary>
    public TimeSpan Length { get; private set; }

    public void Reset() => Length = TimeSpan.Zero;

    public void Note(bool failed) =>
        Length =
            !failed ? TimeSpan.Zero
            : Length == TimeSpan.Zero ? _first
            : Length * 2 < _longest ? Length * 2
            : _longest;
}

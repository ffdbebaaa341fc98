namespace Proxy.Connections;

/// <summary>
/// Sources of cancellation for what nearly always completes at once, such as dials to this host. A source that was not needed serves the next caller of its
/// thread. There are two, since a dial for a client takes one and the attempt within it another.
/// </summary>
internal static class SpareCancellation
{
    [ThreadStatic]
    private static CancellationTokenSource? _spare;

    [ThreadStatic]
    private static CancellationTokenSource? _other;

    /// <summary>Takes a source.</summary>
    public static CancellationTokenSource Take()
    {
        var source = _spare ?? new CancellationTokenSource();
        (_spare, _other) = (_other, null);
        return source;
    }

    /// <summary>Gives a source back, of which nothing holds the token any more and which was not used to cancel.</summary>
    public static void GiveBack(CancellationTokenSource source)
    {
        if (!source.IsCancellationRequested)
        {
            (_spare, _other) = (source, _spare);
        }
    }
}

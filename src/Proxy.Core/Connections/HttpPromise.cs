namespace Proxy.Connections;

/// <summary>
/// The descriptor that <see cref="Resources"/> keeps for the destination of one HTTP connection. It is not kept while requests of the connection are under
/// way and have one. A connection to a destination that waits in a pool for the next request belongs to no client: that request may be for another
/// destination. Thread-safe.
/// </summary>
/// <param name="resources">The descriptors of the process.</param>
public sealed class HttpPromise(Resources resources)
{
    private int _requests;

    /// <summary>A request that is forwarded begins.</summary>
    public void Began()
    {
        if (Interlocked.Increment(ref _requests) == 1)
        {
            resources.CountHttpBusy(1);
        }
    }

    /// <summary>A request that was forwarded has ended, with its bodies.</summary>
    public void Ended()
    {
        if (Interlocked.Decrement(ref _requests) == 0)
        {
            resources.CountHttpBusy(-1);
        }
    }
}

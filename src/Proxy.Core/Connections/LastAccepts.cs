namespace Proxy.Connections;

/// <summary>
/// How long an unbound listener goes on to accept what the kernel has queued, which closing would reset: until the queue is empty, and
/// no longer than seconds, since clients may come as fast as they are accepted.
/// </summary>
/// <param name="outlives">Whether the queue outlives the listener: then all is left to the next one.</param>
internal sealed class LastAccepts(bool outlives)
{
    private const int Limit = 5000; // milliseconds
    private long _until = long.MaxValue;

    /// <summary>Whether one more may be accepted.</summary>
    public bool MayAccept => Volatile.Read(ref _until) is var until && (until == long.MaxValue || Environment.TickCount64 < until);

    /// <summary>The listener is unbound now.</summary>
    public void Begin() =>
        Interlocked.CompareExchange(ref _until, outlives ? Environment.TickCount64 : Environment.TickCount64 + Limit, long.MaxValue);
}

namespace Proxy.Connections;

/// <summary>
/// How long an unbound listener continues to accept the connections that the kernel has queued, since closing would reset them: until the
/// queue is empty, but for seconds only, since clients may connect as fast as they are accepted.
/// </summary>
/// <param name="outlives">Whether the queue outlives the listener; then the connections are left to the next one.</param>
internal sealed class LastAccepts(bool outlives)
{
    private const int Limit = 5000; // milliseconds
    private long _until = long.MaxValue;

    /// <summary>Whether another connection may be accepted.</summary>
    public bool MayAccept => Volatile.Read(ref _until) is var until && (until == long.MaxValue || Environment.TickCount64 < until);

    /// <summary>Starts the time limit, when the listener is unbound.</summary>
    public void Begin() =>
        Interlocked.CompareExchange(ref _until, outlives ? Environment.TickCount64 : Environment.TickCount64 + Limit, long.MaxValue);
}

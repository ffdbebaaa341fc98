using System.Runtime.CompilerServices;
using Yarp.ReverseProxy.Model;

namespace Proxy.Clusters.LoadBalancing;

/// <summary>The proxy's connections to a destination. It lives as long as YARP's state of the destination, and so survives edits.</summary>
public sealed class DestinationLoad
{
    private static readonly ConditionalWeakTable<DestinationState, DestinationLoad> _loads = [];
    private int _active;
    private int _failing;
    private long _recovered;
    private readonly Lock _health = new(); // guards _isUnhealthy, and is held while the health is read: updates of a cluster run at the same time
    private bool _isUnhealthy;

    /// <summary>The number of connections, including those being dialed.</summary>
    public int Active => Volatile.Read(ref _active);

    /// <summary>The load of a destination.</summary>
    /// <param name="destination">YARP's state of the destination.</param>
    /// <returns>Always the same object for the same state.</returns>
    public static DestinationLoad Of(DestinationState destination) => _loads.GetValue(destination, static _ => new DestinationLoad());

    /// <summary>Takes a place at the destination.</summary>
    /// <param name="maximum">The maximum number of places; null for no limit.</param>
    /// <returns>False if all places are taken.</returns>
    public bool TryAcquire(int? maximum)
    {
        if (Interlocked.Increment(ref _active) > maximum)
        {
            Release();
            return false;
        }

        return true;
    }

    /// <summary>Records the result of a dial.</summary>
    /// <param name="failed">Whether it failed.</param>
    /// <returns>Whether the previous dial ended differently, which is worth a log line.</returns>
    public bool DialEnded(bool failed) => Interlocked.Exchange(ref _failing, failed ? 1 : 0) != (failed ? 1 : 0);

    /// <summary>Records whether the destination is unhealthy.</summary>
    /// <param name="isUnhealthy">Reads it. Between its read and its record there is no other, so what is recorded last is the latest.</param>
    /// <param name="time">The clock of the slow start.</param>
    /// <returns>What it is now; null if that is no change.</returns>
    internal bool? SetHealth(Func<bool> isUnhealthy, TimeProvider time)
    {
        lock (_health)
        {
            var now = isUnhealthy();
            if (_isUnhealthy == now)
            {
                return null;
            }

            _isUnhealthy = now;
            Volatile.Write(ref _recovered, now ? 0 : time.GetTimestamp());
            return now;
        }
    }

    /// <summary>The part of its weight that a destination has after it became healthy again, from above 0 to 1.</summary>
    /// <param name="slowStart">The time in which it grows.</param>
    /// <param name="time">The clock.</param>
    internal double Ramp(TimeSpan slowStart, TimeProvider time) =>
        Volatile.Read(ref _recovered) is var recovered and not 0 && time.GetElapsedTime(recovered) is var elapsed && elapsed < slowStart
            ? Math.Max(0.01, elapsed / slowStart)
            : 1;

    /// <summary>Gives a place back.</summary>
    public void Release() => Interlocked.Decrement(ref _active);
}

using System.Runtime.CompilerServices;
using Yarp.ReverseProxy.Model;

namespace Proxy.Clusters.LoadBalancing;

/// <summary>Our connections to a destination. Lives as long as YARP's state of it, so it outlives edits.</summary>
public sealed class DestinationLoad
{
    private static readonly ConditionalWeakTable<DestinationState, DestinationLoad> _loads = [];
    private int _active;
    private int _failing;

    /// <summary>Connections now, those being dialed included.</summary>
    public int Active => Volatile.Read(ref _active);

    /// <summary>The load of a destination.</summary>
    /// <param name="destination">YARP's state.</param>
    /// <returns>Always the same object for the same state.</returns>
    public static DestinationLoad Of(DestinationState destination) => _loads.GetValue(destination, static _ => new DestinationLoad());

    /// <summary>Takes a place.</summary>
    /// <param name="maximum">The most there may be; null for no limit.</param>
    /// <returns>False when all are taken.</returns>
    public bool TryAcquire(int? maximum)
    {
        if (Interlocked.Increment(ref _active) > maximum)
        {
            Release();
            return false;
        }

        return true;
    }

    /// <summary>Notes how the last dial ended.</summary>
    /// <param name="failed">Whether it failed.</param>
    /// <returns>Whether the one before ended otherwise: a change that is worth a line in the log.</returns>
    public bool DialEnded(bool failed) => Interlocked.Exchange(ref _failing, failed ? 1 : 0) != (failed ? 1 : 0);

    /// <summary>Gives a place back.</summary>
    public void Release() => Interlocked.Decrement(ref _active);
}

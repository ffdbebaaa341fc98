namespace Proxy.Connections;

/// <summary>The bytes per second that each connection of a route may move in each direction. An edit applies to open connections. Thread-safe.</summary>
internal sealed class Bandwidth
{
    private long _reached;
    private volatile BandwidthLimit _limit = new(0, false);

    /// <summary>The limit at present; both its values are of the same edit.</summary>
    public BandwidthLimit Limit => _limit;

    /// <summary>How many directions of connections have reached the limit.</summary>
    public long Reached => Interlocked.Read(ref _reached);

    /// <summary>Sets the limit.</summary>
    /// <param name="bytesPerSecond">The bytes per second; 0 for no limit.</param>
    /// <param name="isDryRun">Whether nothing is slowed down.</param>
    public void Set(int bytesPerSecond, bool isDryRun) => _limit = new(bytesPerSecond, isDryRun);

    /// <summary>Counts a direction of a connection that has reached the limit.</summary>
    public void CountReached() => Interlocked.Increment(ref _reached);
}

namespace Proxy.Connections;

/// <summary>The bytes per second that each connection of a route may move in each direction. An edit applies to open connections. Thread-safe.</summary>
internal sealed class Bandwidth
{
    private long _reached;
    private volatile int _bytesPerSecond;
    private volatile bool _isDryRun;

    /// <summary>The bytes per second; 0 for no limit.</summary>
    public int BytesPerSecond => _bytesPerSecond;

    /// <summary>Whether nothing is slowed down, and what would be is counted.</summary>
    public bool IsDryRun => _isDryRun;

    /// <summary>How many directions of connections have reached the limit.</summary>
    public long Reached => Interlocked.Read(ref _reached);

    /// <summary>Sets the limit.</summary>
    /// <param name="bytesPerSecond">The bytes per second; 0 for no limit.</param>
    /// <param name="isDryRun">Whether nothing is slowed down.</param>
    public void Set(int bytesPerSecond, bool isDryRun) => (_bytesPerSecond, _isDryRun) = (bytesPerSecond, isDryRun);

    /// <summary>Counts a direction of a connection that has reached the limit.</summary>
    public void CountReached() => Interlocked.Increment(ref _reached);
}

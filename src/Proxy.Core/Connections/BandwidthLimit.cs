namespace Proxy.Connections;

/// <summary>A limit of bandwidth.</summary>
/// <param name="BytesPerSecond">The bytes per second; 0 for no limit.</param>
/// <param name="IsDryRun">Whether nothing is slowed down, and what would be is counted.</param>
internal sealed record BandwidthLimit(int BytesPerSecond, bool IsDryRun);

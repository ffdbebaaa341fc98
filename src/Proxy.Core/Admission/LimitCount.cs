namespace Proxy.Admission;

/// <summary>How often a limit was reached.</summary>
/// <param name="Limit">The key of the limit.</param>
/// <param name="IsDryRun">Whether it was only counted.</param>
/// <param name="Count">The number of connections that were or would have been refused; for bandwidth of directions that were slowed down.</param>
internal readonly record struct LimitCount(string Limit, bool IsDryRun, long Count);

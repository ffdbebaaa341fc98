using Proxy.Diagnostics;

namespace Proxy.Admission;

/// <summary>How often a limit was reached lately.</summary>
/// <param name="Limit">The key of the limit.</param>
/// <param name="Value">Its value.</param>
/// <param name="IsDryRun">Whether clients were only counted.</param>
/// <param name="Minute">The clients of the last minute that were, or would have been, refused; each counts as failed.</param>
internal readonly record struct LimitUse(string Limit, int Value, bool IsDryRun, LastMinuteSums Minute);

namespace Proxy.Host.Contracts;

/// <summary>The least level that is logged.</summary>
/// <param name="Category">The category, or the start of one; Default for all others.</param>
/// <param name="Level">Trace, Debug, Information, Warning, Error, Critical or None.</param>
/// <param name="Until">When what is configured counts again; null for what is configured.</param>
internal sealed record LogLevelAnswer(string Category, LogLevel Level, DateTimeOffset? Until);

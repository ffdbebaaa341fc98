namespace Proxy.Host.Contracts;

/// <summary>The lowest level that is logged for a category.</summary>
/// <param name="Category">The category or its prefix; Default for all categories without a level of their own.</param>
/// <param name="Level">Trace, Debug, Information, Warning, Error, Critical or None.</param>
/// <param name="Until">When this level ends and the configured level applies again; null for a configured level.</param>
internal sealed record LogLevelAnswer(string Category, LogLevel Level, DateTimeOffset? Until);

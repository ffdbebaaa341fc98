namespace Proxy.Host.Contracts;

/// <summary>A level for a while.</summary>
/// <param name="Level">Trace, Debug, Information, Warning, Error, Critical or None; required.</param>
/// <param name="For">How long; at most a day.</param>
internal sealed record LogLevelRequest(LogLevel? Level, TimeSpan For);

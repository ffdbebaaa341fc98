namespace Proxy.Host.Contracts;

/// <summary>A log level for a limited time.</summary>
/// <param name="Level">Trace, Debug, Information, Warning, Error, Critical or None; required.</param>
/// <param name="For">How long it applies, in seconds; 1 to 86,400; required.</param>
internal sealed record LogLevelRequest(LogLevel? Level, TimeSpan For);

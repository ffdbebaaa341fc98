namespace Proxy.Host.Contracts;

/// <summary>What was closed.</summary>
/// <param name="Closed">How many connections.</param>
internal sealed record ClosedAnswer(int Closed);

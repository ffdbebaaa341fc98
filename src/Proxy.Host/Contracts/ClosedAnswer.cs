namespace Proxy.Host.Contracts;

/// <summary>The answer to closing the connections of a destination.</summary>
/// <param name="Closed">The number of connections that were closed.</param>
internal sealed record ClosedAnswer(int Closed);

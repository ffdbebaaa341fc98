namespace Proxy.Engine;

/// <summary>Who has all hosts drain something, and since when.</summary>
/// <param name="Host">The host at which that was asked for; null if it is not known.</param>
/// <param name="Client">Who asked there: the subject of a certificate, or an address; null if it is not known.</param>
/// <param name="At">When; null if it is not known.</param>
public sealed record DrainOrder(string? Host, string? Client, DateTimeOffset? At);

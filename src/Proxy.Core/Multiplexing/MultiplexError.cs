namespace Proxy.Multiplexing;

/// <summary>Why an upstream connection was lost or not made.</summary>
/// <param name="Reason">A sentence.</param>
/// <param name="At">When it happened, the last time.</param>
/// <param name="Times">How often it happened in a row.</param>
public sealed record MultiplexError(string Reason, DateTimeOffset At, int Times);

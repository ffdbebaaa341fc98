namespace Proxy.Multiplexing;

/// <summary>Why an upstream connection was lost or could not be made.</summary>
/// <param name="Reason">A sentence for operators.</param>
/// <param name="At">When it happened last.</param>
/// <param name="Times">How often it happened in a row.</param>
public sealed record MultiplexError(string Reason, DateTimeOffset At, int Times);

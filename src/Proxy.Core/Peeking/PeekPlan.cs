using Proxy.Peeking.Detectors;

namespace Proxy.Peeking;

/// <summary>What the routes of an endpoint ask of its clients' first bytes.</summary>
/// <param name="Detectors">The protocols that are to be recognized.</param>
/// <param name="AnswersPostgres">Whether clients of PostgreSQL are answered, for the name that they send after that.</param>
/// <param name="Timeout">The total time for the bytes of a client.</param>
internal sealed record PeekPlan(IReadOnlyList<IProtocolDetector> Detectors, bool AnswersPostgres, TimeSpan Timeout);

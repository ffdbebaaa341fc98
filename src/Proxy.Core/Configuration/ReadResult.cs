namespace Proxy.Configuration;

/// <summary>What reading came to.</summary>
/// <param name="Revision">The revision; null when there are errors.</param>
/// <param name="Errors">All errors.</param>
public sealed record ReadResult(Revision? Revision, IReadOnlyList<ConfigProblem> Errors);

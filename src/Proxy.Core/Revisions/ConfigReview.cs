using Proxy.Configuration.Reading;

namespace Proxy.Revisions;

/// <summary>The effect that a document would have. Nothing of it was applied, bound, resolved or started.</summary>
/// <param name="Errors">All errors; empty for a valid document.</param>
/// <param name="Warnings">Values that are allowed but probably not intended.</param>
/// <param name="Difference">What it would change; empty for text that is not valid JSON.</param>
public sealed record ConfigReview(
    IReadOnlyList<ConfigProblem> Errors,
    IReadOnlyList<ConfigProblem> Warnings,
    IReadOnlyList<ConfigDifference> Difference
);

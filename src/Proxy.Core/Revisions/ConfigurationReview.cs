using Proxy.Configuration.Reading;

namespace Proxy.Revisions;

/// <summary>What a document would come to. Nothing of it was applied, bound, resolved or started.</summary>
/// <param name="Errors">All errors, together; empty for a valid document.</param>
/// <param name="Warnings">What is allowed but probably not meant.</param>
/// <param name="Difference">What it would change; empty for a text that is no JSON.</param>
public sealed record ConfigurationReview(
    IReadOnlyList<ConfigProblem> Errors,
    IReadOnlyList<ConfigProblem> Warnings,
    IReadOnlyList<ConfigurationDifference> Difference
);

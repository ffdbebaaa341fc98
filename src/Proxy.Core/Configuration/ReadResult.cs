using System.Text.Json.Nodes;
using Proxy.Configuration.Reading;

namespace Proxy.Configuration;

/// <summary>What reading a configuration came to.</summary>
/// <param name="Revision">The revision; null when there are errors.</param>
/// <param name="Errors">All errors, together.</param>
/// <param name="Warnings">What is allowed but probably not meant.</param>
public sealed record ReadResult(Revision? Revision, IReadOnlyList<ConfigProblem> Errors, IReadOnlyList<ConfigProblem> Warnings)
{
    /// <summary>What could be read of it, secrets too.</summary>
    internal JsonObject Document { get; init; } = [];
}

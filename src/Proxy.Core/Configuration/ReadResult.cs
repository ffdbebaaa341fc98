using System.Text.Json.Nodes;
using Proxy.Configuration.Reading;

namespace Proxy.Configuration;

/// <summary>The result of reading a configuration.</summary>
/// <param name="Revision">The revision; null if there are errors.</param>
/// <param name="Errors">All errors.</param>
/// <param name="Warnings">Values that are allowed but probably not intended.</param>
public sealed record ReadResult(Revision? Revision, IReadOnlyList<ConfigProblem> Errors, IReadOnlyList<ConfigProblem> Warnings)
{
    /// <summary>The parts that could be read, including secrets.</summary>
    internal JsonObject Document { get; init; } = [];
}

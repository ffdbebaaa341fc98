using Proxy.Configuration;
using Proxy.Configuration.Reading;

namespace Proxy.Revisions;

/// <summary>
/// Refuses an edit that removes all routes without saying so: a section that is misspelt or half written looks the same, and would take every route out
/// of service.
/// </summary>
internal static class LastRoutes
{
    /// <summary>Checks an edit.</summary>
    /// <param name="running">The revision that runs; null if none does.</param>
    /// <param name="next">The edited one; null if it has errors.</param>
    /// <param name="input">What it was read from.</param>
    /// <returns>The error; empty if the edit may be applied.</returns>
    public static IReadOnlyList<ConfigProblem> Check(Revision? running, Revision? next, ConfigInput input)
    {
        var problems = new ProblemList(input.Configuration, ProxyDocument.Shape(input.WholeDocument));
        if (running is { RouteCount: > 0 } && next is { RouteCount: 0, IsEmptyOnPurpose: false })
        {
            problems.Error(
                ProxyDocument.Section,
                $"has no route, while {running.RouteCount} in use would end; write \"{ProxyDocument.Section}\": {{}} if all of them are to end."
            );
        }

        return problems.Errors;
    }
}

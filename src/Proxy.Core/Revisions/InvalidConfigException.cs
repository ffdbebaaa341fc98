using System.Diagnostics.CodeAnalysis;
using Proxy.Configuration.Reading;

namespace Proxy.Revisions;

/// <summary>The configuration cannot run; <see cref="Problems"/> lists everything that is wrong with it.</summary>
[SuppressMessage("Design", "CA1032", Justification = "Only made with problems.")]
public sealed class InvalidConfigException(IReadOnlyList<ConfigProblem> problems)
    : Exception(string.Join(Environment.NewLine, problems.Select(static problem => problem.ToString())))
{
    /// <summary>All problems.</summary>
    public IReadOnlyList<ConfigProblem> Problems => problems;
}

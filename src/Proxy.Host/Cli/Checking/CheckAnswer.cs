using Proxy.Host.Contracts;

namespace Proxy.Host.Cli.Checking;

/// <summary>The result of <c>proxy check</c>.</summary>
/// <param name="Valid">Whether the configuration has no errors, and the host of <c>--against</c> would accept it.</param>
/// <param name="Errors">All errors.</param>
/// <param name="Warnings">Settings that are valid but probably not intended.</param>
internal sealed record CheckAnswer(bool Valid, IReadOnlyList<Problem> Errors, IReadOnlyList<Problem> Warnings)
{
    /// <summary>With <c>--probe</c>, the URL of the running host whose addresses were not bound; null if none runs.</summary>
    public string? RunningHost { get; init; }

    /// <summary>With <c>--against</c>, the comparison with that host; otherwise null.</summary>
    public AgainstAnswer? Against { get; init; }
}

/// <summary>A comparison with a running host.</summary>
/// <param name="Url">The URL of its admin endpoint.</param>
/// <param name="Revision">The configuration that it runs; null before the first one.</param>
/// <param name="Valid">Whether it would accept the configuration.</param>
/// <param name="Errors">What it would refuse.</param>
/// <param name="Difference">The keys that would change.</param>
internal sealed record AgainstAnswer(
    string Url,
    string? Revision,
    bool Valid,
    IReadOnlyList<Problem> Errors,
    IReadOnlyList<PostedDifference> Difference
);

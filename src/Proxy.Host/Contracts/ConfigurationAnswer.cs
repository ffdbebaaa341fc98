using System.Text.Json.Nodes;
using Proxy.Configuration.Reading;
using Proxy.Revisions;

namespace Proxy.Host.Contracts;

/// <summary>The running configuration and the files on disk. Secrets are masked.</summary>
/// <param name="Revision">The id of the running revision; null before the first one is applied.</param>
/// <param name="AppliedAt">When that revision was applied.</param>
/// <param name="Document">The running configuration: all files and other sources merged, only keys that are set.</param>
/// <param name="Files">The files and the documents that hosts share; a later one overrides an earlier one.</param>
/// <param name="Rejected">Why the newest edit was rejected; empty when it was accepted.</param>
/// <param name="Pending">Why the newest valid revision is not applied yet; null when none waits.</param>
/// <param name="RestartNeeded">Sections that were edited and take effect only after a restart.</param>
/// <param name="Warnings">Settings of the running configuration that are valid but probably not intended.</param>
internal sealed record ConfigurationAnswer(
    string? Revision,
    DateTimeOffset? AppliedAt,
    JsonObject Document,
    IReadOnlyList<ConfigFile> Files,
    IReadOnlyList<Problem> Rejected,
    string? Pending,
    IReadOnlyList<string> RestartNeeded,
    IReadOnlyList<Problem> Warnings
)
{
    /// <summary>The documents that hosts share, which are among the files: which revision of each runs here, and whether the newest is rejected.</summary>
    public IReadOnlyList<SharedDocument> Documents { get; init; } = [];
}

/// <summary>A key whose value in the files on disk differs from the running configuration.</summary>
/// <param name="Path">The configuration path.</param>
/// <param name="Running">The running value; null when the key is not set.</param>
/// <param name="OnDisk">The value on disk; null when the key is not set.</param>
internal sealed record DiskDifference(string Path, JsonNode? Running, JsonNode? OnDisk);

/// <summary>A key whose value in a posted document differs from the running configuration.</summary>
/// <param name="Path">The configuration path.</param>
/// <param name="Running">The running value; null when the key is not set.</param>
/// <param name="Posted">The posted value; null when the key is not set.</param>
internal sealed record PostedDifference(string Path, JsonNode? Running, JsonNode? Posted);

/// <summary>The result of validating a posted document, which is not applied.</summary>
/// <param name="Valid">Whether the host would accept the document.</param>
/// <param name="Errors">All errors; empty for a valid document.</param>
/// <param name="Warnings">Settings that are valid but probably not intended.</param>
/// <param name="Difference">The keys that the document would change; empty when the text is not JSON.</param>
internal sealed record ValidationAnswer(
    bool Valid,
    IReadOnlyList<Problem> Errors,
    IReadOnlyList<Problem> Warnings,
    IReadOnlyList<PostedDifference> Difference
);

using System.Text.Json.Nodes;
using Proxy.Configuration.Reading;

namespace Proxy.Host.Contracts;

/// <summary>What runs, and what is on disk. Secrets are masked.</summary>
/// <param name="Revision">Which content runs; null before the start.</param>
/// <param name="AppliedAt">Since when.</param>
/// <param name="Document">What runs: all layers merged, only keys that are set.</param>
/// <param name="Files">The files, in the order in which they win.</param>
/// <param name="Rejected">Why the newest edit was rejected; empty when it was not.</param>
/// <param name="Pending">Why the newest valid revision waits; null when none does.</param>
/// <param name="RestartNeeded">Sections that were edited and apply only at start.</param>
/// <param name="Warnings">What of the running configuration is probably not meant.</param>
internal sealed record ConfigurationAnswer(
    string? Revision,
    DateTimeOffset? AppliedAt,
    JsonObject Document,
    IReadOnlyList<ConfigFile> Files,
    IReadOnlyList<Problem> Rejected,
    string? Pending,
    IReadOnlyList<string> RestartNeeded,
    IReadOnlyList<Problem> Warnings
);

/// <summary>A key that the files on disk have otherwise than what runs.</summary>
/// <param name="Path">The configuration path.</param>
/// <param name="Running">The value that runs; null when the key is not set.</param>
/// <param name="OnDisk">The value on disk; null when the key is not set.</param>
internal sealed record DiskDifference(string Path, JsonNode? Running, JsonNode? OnDisk);

/// <summary>A key that a posted document has otherwise than what runs.</summary>
/// <param name="Path">The configuration path.</param>
/// <param name="Running">The value that runs; null when the key is not set.</param>
/// <param name="Posted">The posted value; null when the key is not set.</param>
internal sealed record PostedDifference(string Path, JsonNode? Running, JsonNode? Posted);

/// <summary>What a posted document would come to; nothing of it is applied.</summary>
/// <param name="Valid">Whether it could run.</param>
/// <param name="Errors">All errors, together.</param>
/// <param name="Warnings">What is allowed but probably not meant.</param>
/// <param name="Difference">What it would change; empty for a text that is no JSON.</param>
internal sealed record ValidationAnswer(
    bool Valid,
    IReadOnlyList<Problem> Errors,
    IReadOnlyList<Problem> Warnings,
    IReadOnlyList<PostedDifference> Difference
);

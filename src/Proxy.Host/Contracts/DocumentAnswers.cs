namespace Proxy.Host.Contracts;

/// <summary>A document that hosts share, as <c>proxy config get</c> prints it.</summary>
/// <param name="Document">Its name.</param>
/// <param name="Revision">The revision of the engine that wrote it.</param>
/// <param name="Text">Its text.</param>
internal sealed record DocumentAnswer(string Document, long Revision, string Text);

/// <summary>The result of <c>proxy config put</c> and <c>diff</c>.</summary>
/// <param name="Document">The name of the document.</param>
/// <param name="Before">The revision that was read; null if it did not exist.</param>
/// <param name="Revision">The revision that was written; null if nothing was.</param>
/// <param name="Errors">Why nothing was written.</param>
/// <param name="Warnings">What is allowed and probably not intended.</param>
/// <param name="Difference">The keys that differ. Secrets are masked.</param>
internal sealed record DocumentEditAnswer(
    string Document,
    long? Before,
    long? Revision,
    IReadOnlyList<Problem> Errors,
    IReadOnlyList<Problem> Warnings,
    IReadOnlyList<PostedDifference> Difference
);

/// <summary>A version of a document, as <c>proxy config history</c> lists it.</summary>
/// <param name="Revision">The revision of the engine that wrote it.</param>
/// <param name="Current">Whether it is the present one.</param>
/// <param name="At">When it was written, by the clock of that machine; null if it was not written by this program.</param>
/// <param name="By">Who wrote it; null if it was not written by this program.</param>
/// <param name="Bytes">The length of its text.</param>
internal sealed record DocumentVersionAnswer(long Revision, bool Current, DateTimeOffset? At, string? By, int Bytes);

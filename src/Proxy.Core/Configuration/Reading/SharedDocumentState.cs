namespace Proxy.Configuration.Reading;

/// <summary>How a document stands that hosts share.</summary>
/// <param name="Newest">The newest version that is known, valid or not; 0 if none is.</param>
internal sealed record SharedDocumentState(long Newest)
{
    /// <summary>Why it may be out of date; null if it is not.</summary>
    public string? Stale { get; init; }

    /// <summary>Since when; null if it is not.</summary>
    public DateTimeOffset? StaleSince { get; init; }

    /// <summary>Whether the copy is used that was kept on this machine.</summary>
    public bool IsKept { get; init; }
}

using Proxy.Configuration.Reading;

namespace Proxy.Revisions;

/// <summary>A document that hosts share, as this host runs it.</summary>
/// <param name="Name">Its name as a layer, such as etcd:fleet.</param>
/// <param name="Running">The revision of the engine that wrote the content that runs; null before the first configuration is applied.</param>
/// <param name="Newest">The newest one that this host knows of; it may be on its way, rejected, or the removal of the document.</param>
/// <param name="IsRejected">Whether the newest one is rejected, so that the one before it runs on.</param>
public sealed record SharedDocument(string Name, long? Running, long Newest, bool IsRejected)
{
    /// <summary>Why it may be out of date: the engine does not answer; null if it does.</summary>
    public string? Stale { get; init; }

    /// <summary>Since when it may be; null if it is not.</summary>
    public DateTimeOffset? StaleSince { get; init; }

    /// <summary>Whether the copy runs that was kept on this machine, since the engine did not answer at the start.</summary>
    public bool IsKept { get; init; }

    internal static SharedDocument Of(DocumentProvider document, SharedDocumentState shared, ProxyState state)
    {
        long? running = state.Versions.TryGetValue(document.Name, out var version) ? version : null;
        var isRejected = document.Problem is not null || (running != shared.Newest && state.Rejected.Count > 0);
        return new(document.Name, running, shared.Newest, isRejected)
        {
            Stale = shared.Stale,
            StaleSince = shared.StaleSince,
            IsKept = shared.IsKept,
        };
    }
}

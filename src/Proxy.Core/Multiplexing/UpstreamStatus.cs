namespace Proxy.Multiplexing;

/// <summary>An upstream connection at one moment.</summary>
/// <param name="State">Its state.</param>
/// <param name="InFlight">The number of requests that were sent on it and not answered.</param>
/// <param name="Age">The time since it was connected, to a tenth of a second; zero before.</param>
/// <param name="Exchanges">The requests in flight.</param>
public sealed record UpstreamStatus(UpstreamState State, int InFlight, TimeSpan Age, IReadOnlyList<MultiplexExchangeStatus> Exchanges)
{
    /// <summary>
    /// Whether the call that hands a request to the kernel has not returned; the destination may have the request already.
    /// </summary>
    internal bool IsWriting { get; init; }

    /// <summary>Whether bytes were received since the last request was sent; without meaning if requests have ids.</summary>
    internal bool HasReceived { get; init; }

    /// <summary>Whether it waits for the next part of a request, of which everything that has arrived is sent on.</summary>
    internal bool AwaitsClient { get; init; }
}

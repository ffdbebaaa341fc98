namespace Proxy.Multiplexing;

/// <summary>One upstream connection at a moment.</summary>
/// <param name="State">What it is doing.</param>
/// <param name="InFlight">Requests that were sent on it and not answered.</param>
/// <param name="Age">Since it was connected, to a tenth of a second; zero before.</param>
/// <param name="Exchanges">The requests in flight.</param>
public sealed record UpstreamStatus(UpstreamState State, int InFlight, TimeSpan Age, IReadOnlyList<MultiplexExchangeStatus> Exchanges)
{
    /// <summary>Whether the call that hands a request to the kernel has not returned, though the destination may have the request.</summary>
    internal bool IsWriting { get; init; }

    /// <summary>Whether bytes were received since the last request was sent; nothing is known where requests have ids.</summary>
    internal bool HasReceived { get; init; }
}

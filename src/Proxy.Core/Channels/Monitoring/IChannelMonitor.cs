namespace Proxy.Channels.Monitoring;

/// <summary>
/// Reports the states of the channels to code in this process. Event handlers run on threads of their own: a handler that blocks delays
/// other handlers and nothing else.
/// </summary>
public interface IChannelMonitor
{
    /// <summary>The states that have been published, by channel.</summary>
    IReadOnlyDictionary<string, ChannelState> Current { get; }

    /// <summary>Raised when all own listeners are bound and the first set of members is known; gives the local address.</summary>
    event EventHandler<ChannelReadyEventArgs>? Ready;

    /// <summary>Raised when a channel has changed. Handlers run one after another; changes that happen meanwhile are combined.</summary>
    event EventHandler<ChannelChangedEventArgs>? Changed;

    /// <summary>
    /// Raised when something has failed and is tried again: an address cannot be bound, two members have the same address.
    /// </summary>
    event EventHandler<ChannelErrorEventArgs>? Error;

    /// <summary>Raised when the channels have ended, after draining.</summary>
    event EventHandler? Closed;

    /// <summary>The current states, and then the newest state of each channel whenever it changes.</summary>
    /// <param name="cancellationToken">Ends the stream.</param>
    /// <returns>States; a slow reader misses those in between.</returns>
    IAsyncEnumerable<ChannelState> WatchAsync(CancellationToken cancellationToken);

    /// <summary>
    /// The notifications as sinks get them: changes, and that the channels are ready or have ended. The stream ends with the last one.
    /// </summary>
    /// <param name="after">The version that the reader knows already; 0 for none.</param>
    /// <param name="cancellationToken">Ends the stream.</param>
    /// <returns>Notifications in the order of versions; a slow reader misses those in between.</returns>
    IAsyncEnumerable<ChannelNotice> WatchNoticesAsync(long after, CancellationToken cancellationToken);
}

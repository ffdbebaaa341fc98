namespace Proxy.Channels.Monitoring;

/// <summary>
/// Tells code in this process what becomes of the channels. Handlers run on threads of their own: one that blocks holds up other
/// handlers, and nothing else.
/// </summary>
public interface IChannelMonitor
{
    /// <summary>The states that have been told, by channel.</summary>
    IReadOnlyDictionary<string, ChannelState> Current { get; }

    /// <summary>All own listeners are bound and the first set of members is known; the local address follows.</summary>
    event EventHandler<ChannelReadyEventArgs>? Ready;

    /// <summary>A channel has changed. Handlers run one after another; while they run, changes gather.</summary>
    event EventHandler<ChannelChangedEventArgs>? Changed;

    /// <summary>Something does not work and is tried again: an address cannot be bound, two members have one address.</summary>
    event EventHandler<ChannelErrorEventArgs>? Error;

    /// <summary>The channels have ended, after draining.</summary>
    event EventHandler? Closed;

    /// <summary>The current states, and then each channel's newest whenever it changes.</summary>
    /// <param name="cancellationToken">Ends the stream.</param>
    /// <returns>States; those a slow reader misses are left out.</returns>
    IAsyncEnumerable<ChannelState> WatchAsync(CancellationToken cancellationToken);

    /// <summary>What is told to sinks: changes, and that the channels are ready or have ended. It ends with the latter.</summary>
    /// <param name="after">The version that is known; 0 for none.</param>
    /// <param name="cancellationToken">Ends the stream.</param>
    /// <returns>Notifications in the order of versions; those a slow reader misses are left out.</returns>
    IAsyncEnumerable<ChannelNotice> WatchNoticesAsync(long after, CancellationToken cancellationToken);
}

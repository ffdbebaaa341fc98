namespace Proxy.Channels.Monitoring;

/// <summary>Data of the event that a channel has changed.</summary>
/// <param name="state">The state of the channel.</param>
public sealed class ChannelChangedEventArgs(ChannelState state) : EventArgs
{
    /// <summary>The state of the channel.</summary>
    public ChannelState State => state;
}

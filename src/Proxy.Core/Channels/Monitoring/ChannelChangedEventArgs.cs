namespace Proxy.Channels.Monitoring;

/// <summary>A channel has changed.</summary>
/// <param name="state">Its state.</param>
public sealed class ChannelChangedEventArgs(ChannelState state) : EventArgs
{
    /// <summary>Its state.</summary>
    public ChannelState State => state;
}

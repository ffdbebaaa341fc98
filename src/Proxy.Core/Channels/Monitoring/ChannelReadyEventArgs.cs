namespace Proxy.Channels.Monitoring;

/// <summary>Data of the event that the channels are ready.</summary>
/// <param name="bindIp">The address on which the local servers have to listen.</param>
public sealed class ChannelReadyEventArgs(string bindIp) : EventArgs
{
    /// <summary>The address on which the local servers have to listen.</summary>
    public string BindIp => bindIp;
}

namespace Proxy.Channels.Monitoring;

/// <summary>Data of the event that something has failed and is tried again.</summary>
/// <param name="message">What has failed, and what would help.</param>
public sealed class ChannelErrorEventArgs(string message) : EventArgs
{
    /// <summary>What has failed, and what would help.</summary>
    public string Message => message;
}

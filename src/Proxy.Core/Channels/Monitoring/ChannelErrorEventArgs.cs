namespace Proxy.Channels.Monitoring;

/// <summary>Something does not work.</summary>
/// <param name="message">What, and what would help.</param>
public sealed class ChannelErrorEventArgs(string message) : EventArgs
{
    /// <summary>What, and what would help.</summary>
    public string Message => message;
}

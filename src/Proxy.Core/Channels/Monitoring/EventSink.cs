namespace Proxy.Channels.Monitoring;

/// <summary>Raises the monitor's events as one sink among others: a handler that blocks holds up other handlers alone.</summary>
internal sealed class EventSink(ChannelMonitor monitor) : INotificationSink
{
    public string Text => "events";

    public async Task<string?> TellAsync(ChannelNotice notice, CancellationToken cancellationToken)
    {
        await Task.Run(() => monitor.Raise(notice), CancellationToken.None).WaitAsync(cancellationToken);
        return null;
    }
}

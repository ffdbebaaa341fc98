namespace Proxy.Channels.Monitoring;

/// <summary>
/// The sink that raises the monitor's events. It has a pump of its own, so that a handler that blocks delays only other handlers.
/// </summary>
internal sealed class EventSink(ChannelMonitor monitor) : INotificationSink
{
    public string Text => "events";

    public async Task<string?> DeliverAsync(ChannelNotice notice, CancellationToken cancellationToken)
    {
        await Task.Run(() => monitor.Raise(notice), CancellationToken.None).WaitAsync(cancellationToken);
        return null;
    }
}

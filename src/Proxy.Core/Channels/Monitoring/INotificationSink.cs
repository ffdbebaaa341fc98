namespace Proxy.Channels.Monitoring;

/// <summary>Receives notifications, and passes them to a program, a URL or code.</summary>
internal interface INotificationSink
{
    /// <summary>Its name in logs and metrics; contains no secret.</summary>
    string Text { get; }

    /// <summary>Delivers a notification and waits for the acknowledgement. The implementation has a deadline of its own.</summary>
    /// <returns>Null, or why the notification was not acknowledged.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    Task<string?> DeliverAsync(ChannelNotice notice, CancellationToken cancellationToken);
}

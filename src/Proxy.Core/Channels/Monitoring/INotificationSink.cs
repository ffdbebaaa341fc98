namespace Proxy.Channels.Monitoring;

/// <summary>Takes notifications: a program, a URL, code.</summary>
internal interface INotificationSink
{
    /// <summary>Its name in logs and metrics; holds no secret.</summary>
    string Text { get; }

    /// <summary>Tells, and waits for the acknowledgement. It has a deadline of its own.</summary>
    /// <returns>Null, or why it was not acknowledged.</returns>
    /// <exception cref="OperationCanceledException">The token ended it.</exception>
    Task<string?> TellAsync(ChannelNotice notice, CancellationToken cancellationToken);
}

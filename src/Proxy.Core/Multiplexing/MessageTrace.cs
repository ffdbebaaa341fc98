using Microsoft.Extensions.Logging;

namespace Proxy.Multiplexing;

/// <summary>
/// A line in the log for each message, in hex: what a client asked, what was sent on, what the destination answered and what the client got. While
/// its category, the name of this class, is not logged at level Trace, a message costs the question whether it is.
/// </summary>
internal sealed class MessageTrace(ILogger<MessageTrace> logger, TimeProvider time)
{
    private bool IsOn => logger.IsEnabled(LogLevel.Trace);

    public void FromClient(MultiplexClient client, ReadOnlySpan<byte> message)
    {
        if (IsOn)
        {
            Create("Request from client", client, client.Destination, message).Log();
        }
    }

    public void ToDestination(MultiplexRequest request)
    {
        if (IsOn)
        {
            Create("Request to destination", request.Client, request.Lane!.Session.Key.ToString(), request.Sent.Span).Log();
        }
    }

    /// <param name="destination">What sent it.</param>
    /// <param name="request">What it answers; null for what nothing waits for.</param>
    /// <param name="message">The message.</param>
    public void FromDestination(SessionKey destination, MultiplexRequest? request, ReadOnlySpan<byte> message)
    {
        if (IsOn)
        {
            var line = Create("Reply from destination", request?.Client, destination.ToString(), message);
            line.After = request is null ? null : time.GetElapsedTime(request.Started);
            line.Log();
        }
    }

    /// <summary>Takes a reply as it goes to a client, to be logged when no lock is held any more; null while nothing is to be logged.</summary>
    /// <param name="request">What it answers.</param>
    /// <param name="message">The message; empty for none.</param>
    public TracedMessage? ToClient(MultiplexRequest request, ReadOnlySpan<byte> message) =>
        IsOn && message.Length > 0
            ? Create("Reply to client", request.Client, request.Lane?.Session.Key.ToString() ?? request.Client.Destination, message)
            : null;

    private TracedMessage Create(string direction, MultiplexClient? client, string destination, ReadOnlySpan<byte> message) =>
        new(logger, direction, client?.Id, client?.RouteId, destination, message.Length, TracedMessage.Hex(message));
}

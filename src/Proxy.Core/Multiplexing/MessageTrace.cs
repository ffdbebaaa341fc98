using Microsoft.Extensions.Logging;

namespace Proxy.Multiplexing;

/// <summary>
/// Logs every message in hex at level Trace: the client's request, what was sent to the destination, the destination's reply, and what the
/// client received. While that level is off for this category, a message costs one check.
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

    public void ToDestination(MultiplexRequest request, ReadOnlySpan<byte> message)
    {
        if (IsOn)
        {
            Create("Request to destination", request.Client, request.Lane!.Session.Key.ToString(), message).Log();
        }
    }

    /// <param name="destination">The destination that sent the message.</param>
    /// <param name="request">The request that the message answers; null if no request waits for it.</param>
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

    /// <param name="what">What was dropped.</param>
    /// <param name="destination">The destination that sent it.</param>
    /// <param name="bytes">The bytes.</param>
    public void Dropped(string what, SessionKey destination, ReadOnlySpan<byte> bytes)
    {
        if (IsOn)
        {
            Create($"{what}, dropped", null, destination.ToString(), bytes).Log();
        }
    }

    /// <summary>Prepares the line for a reply to a client, to be logged when no lock is held; null while the level is off.</summary>
    /// <param name="request">The request that the reply answers.</param>
    /// <param name="message">The reply; empty if there is none.</param>
    public TracedMessage? ToClient(MultiplexRequest request, ReadOnlySpan<byte> message) =>
        IsOn && message.Length > 0
            ? Create("Reply to client", request.Client, request.Lane?.Session.Key.ToString() ?? request.Client.Destination, message)
            : null;

    private TracedMessage Create(string direction, MultiplexClient? client, string destination, ReadOnlySpan<byte> message) =>
        new(logger, direction, client?.Id, client?.RouteId, destination, message.Length, TracedMessage.Hex(message));
}

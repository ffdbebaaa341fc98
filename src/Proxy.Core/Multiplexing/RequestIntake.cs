using Proxy.Diagnostics;
using Proxy.Multiplexing.Framing;

namespace Proxy.Multiplexing;

/// <summary>
/// Decides for each message of a client to which destination it goes, or what the client is answered instead. Used only by the client's
/// reader.
/// </summary>
internal sealed class RequestIntake(MultiplexClient client, ReplyOrder replies, ClientLanes lanes, ConnectionRecord record)
{
    private const int MostRefused = 4096;

    /// <summary>Accepts a whole message at the start of the input, or the first part of one.</summary>
    /// <returns>The request; null if the client's last reply has been given.</returns>
    public MultiplexRequest? Accept(RequestInput input, in FrameMeasure measure)
    {
        var traits = measure.Traits;
        client.Trace.FromClient(client, input.Bytes[..measure.Length]);
        if (replies.Add([]) is not { } request)
        {
            input.Clear();
            return null;
        }

        request.Stream = measure.Status == FrameStatus.Part ? new RequestStream(client, measure.Rest.Least) : null;
        input.MoveTo(request.Original, measure);
        var message = request.Original.Span;
        request.HasTurn = client.Requests.HasTurn;
        request.DeliversReply = (traits & MessageTraits.NoReply) == 0;
        request.EndsConnection = (traits & MessageTraits.EndsConnection) != 0;
        if (request.EndsConnection)
        {
            replies.IsLast = true;
        }

        request.Facts = client.Framer.Rules.Describe(message);
        switch (client.Rules?.Judge(message))
        {
            case RequestVerdict.Deny:
                lanes.Own?.Session.Denied(lanes.Own);
                client.Fail(request, LocalReply.NotAllowed, ConnectionOutcome.Denied);
                break;
            case RequestVerdict.Ignore:
                client.Complete(request, Completion.Ignored());
                break;
            default:
                Submit(request, traits);
                break;
        }

        return request;
    }

    /// <summary>Refuses bytes that are no message, after earlier requests are answered.</summary>
    /// <param name="bytes">The bytes, possibly only the first part.</param>
    /// <param name="isCutOff">Whether the bytes are an incomplete message whose client has ended.</param>
    public void Refuse(ReadOnlySpan<byte> bytes, bool isCutOff)
    {
        // The start is enough for a protocol's own error.
        if (replies.Add(bytes[..Math.Min(bytes.Length, MostRefused)]) is not { } request)
        {
            return;
        }

        replies.IsLast = true;
        request.EndsConnection = true;
        if (isCutOff)
        {
            // The client ended in the middle of its own message, so it waits for no reply to it.
            request.DeliversReply = false;
            record.TryEnd(ConnectionOutcome.ProtocolError);
            client.Deliver(request, []);
        }
        else
        {
            client.Fail(request, LocalReply.Malformed, ConnectionOutcome.ProtocolError);
        }
    }

    private void Submit(MultiplexRequest request, MessageTraits traits)
    {
        if (lanes.Find(request.Facts.Unit) is not { } lane)
        {
            client.Fail(request, LocalReply.NoPath, ConnectionOutcome.NoDestination);
        }
        else if (lane.Translator.Prepare(request, traits))
        {
            request.Lane = lane;
            lane.Session.Submit(request);
        }
        else
        {
            client.Fail(request, LocalReply.NotAllowed, ConnectionOutcome.ProtocolError);
        }
    }
}

using Proxy.Diagnostics;
using Proxy.Multiplexing.Framing;

namespace Proxy.Multiplexing;

/// <summary>What becomes of a client's messages: to which destination each goes, or what it is told in place of that. Used by the client's reader alone.</summary>
internal sealed class RequestIntake(MultiplexClient client, ReplyOrder replies, ClientLanes lanes, ConnectionRecord record)
{
    /// <summary>Takes a whole message.</summary>
    public void Accept(ReadOnlySpan<byte> message, MessageTraits traits)
    {
        client.Trace.FromClient(client, message);
        if (replies.Add(message) is not { } request)
        {
            return;
        }

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
                client.Fail(request, LocalReply.NotAllowed, ConnectionOutcome.Denied);
                break;
            case RequestVerdict.Ignore:
                client.Complete(request, Completion.Ignored());
                break;
            default:
                Submit(request, traits);
                break;
        }
    }

    /// <summary>Takes what is no message; what came before it is answered first.</summary>
    /// <param name="bytes">What there is of it.</param>
    /// <param name="isCutOff">Whether it may have become one, but the client has ended.</param>
    public void Refuse(ReadOnlySpan<byte> bytes, bool isCutOff)
    {
        if (replies.Add(bytes) is not { } request)
        {
            return;
        }

        replies.IsLast = true;
        request.EndsConnection = true;
        if (isCutOff)
        {
            // A message cut off by its own sender: nothing is waiting for a reply to it.
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

using Proxy.Diagnostics;
using Proxy.Multiplexing.Framing;

namespace Proxy.Multiplexing;

/// <summary>Writes the result of a request in the client's protocol.</summary>
internal sealed class ReplyComposer(IProtocolRules rules, ConnectionRecord record)
{
    /// <summary>Writes the reply. If the protocol cannot express it, sets in the request how the client's connection is to end.</summary>
    public void Compose(MultiplexRequest request, in Completion completion, ByteBuffer target)
    {
        var isTold = completion.IsReply
            ? TryPassOn(request, completion.Reply, target)
            : completion.IsDone && rules.TryWriteLocal(LocalReply.Done, request.Original.Span, target);
        if (isTold)
        {
            return;
        }

        request.Lane?.Translator.Restore(request);
        if (!rules.TryWriteLocal(completion.Failure, request.Original.Span, target))
        {
            request.Cut = completion.Outcome;
        }
        else if (completion.Failure == LocalReply.Malformed)
        {
            record.TryEnd(completion.Outcome);
        }
    }

    private static bool TryPassOn(MultiplexRequest request, ReadOnlySpan<byte> reply, ByteBuffer target) =>
        request.Lane is not { } lane || lane.Translator.TryWriteReply(request, reply, target);
}

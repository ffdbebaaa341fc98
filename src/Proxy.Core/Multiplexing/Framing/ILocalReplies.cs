using System.Buffers;

namespace Proxy.Multiplexing.Framing;

/// <summary>Replies that the proxy gives by itself, in the words of a protocol.</summary>
public interface ILocalReplies
{
    /// <summary>
    /// Writes one, if the protocol has it; without one the client's connection is reset. A request that gets no reply
    /// (<see cref="MessageTraits.NoReply"/>) gets none of these either.
    /// </summary>
    /// <param name="reply">What to say. After <see cref="LocalReply.Malformed"/> the client's connection is to be closed.</param>
    /// <param name="request">The client's request as it came, before any rewriting; what there is of it if it is unfinished or malformed.</param>
    /// <param name="writer">Takes less than 1 kB.</param>
    /// <returns>Whether anything was written.</returns>
    bool TryWrite(LocalReply reply, ReadOnlySpan<byte> request, IBufferWriter<byte> writer);
}

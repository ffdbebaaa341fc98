using System.Buffers;
using Proxy.Configuration.Multiplexing;

namespace Proxy.Multiplexing.Framing;

/// <summary>What a protocol says beyond where its messages end. A member that is not implemented stands for a protocol that says nothing about it.</summary>
/// <remarks>
/// Rules keep no state: one instance serves every connection at once. They do not throw, whatever the bytes, and do not allocate per message. A framer
/// has them as <see cref="IMessageFramer.Rules"/>; messages that are given to them are whole, unless a member says otherwise.
/// </remarks>
public interface IProtocolRules
{
    /// <summary>The name that several framings of one protocol share: messages of each can be converted to each other. Null if there is no other framing.</summary>
    string? Family => null;

    /// <summary>Whether requests are for units behind the destination, of which one may be silent while others answer.</summary>
    bool HasUnits => false;

    /// <summary>Says what a request is for, and whether it can share a reply.</summary>
    /// <param name="request">The request.</param>
    /// <returns>What is known; nothing by default.</returns>
    RequestFacts Describe(ReadOnlySpan<byte> request) => default;

    /// <summary>Says what a reply means. Every reply is passed on; only an answer may be kept for further requests that ask the same.</summary>
    /// <param name="request">The request, as it was sent to the destination.</param>
    /// <param name="reply">The reply, as it came.</param>
    /// <returns>Its meaning.</returns>
    ReplyMeaning Judge(ReadOnlySpan<byte> request, ReadOnlySpan<byte> reply) => ReplyMeaning.Answer;

    /// <summary>
    /// Writes what the proxy itself has to say to a client, if the protocol has words for it; without them the client's connection is reset. A
    /// request that gets no reply (<see cref="MessageTraits.NoReply"/>) gets none of these either.
    /// </summary>
    /// <param name="reply">What to say. After <see cref="LocalReply.Malformed"/> the client's connection is to be closed.</param>
    /// <param name="request">The client's request as it came, before any rewriting; what there is of it if it is unfinished or malformed.</param>
    /// <param name="writer">Takes less than 1 kB.</param>
    /// <returns>Whether anything was written; if not, the writer is as it was.</returns>
    bool TryWriteLocal(LocalReply reply, ReadOnlySpan<byte> request, IBufferWriter<byte> writer) => false;

    /// <summary>Writes a message of another framing of the same <see cref="Family"/> in this one, or one of this framing for another unit.</summary>
    /// <param name="from">The rules of the framing that the message has.</param>
    /// <param name="message">The message: a request, or a reply.</param>
    /// <param name="unit">The unit that it is to be for, or from.</param>
    /// <param name="request">For a reply, the request in this framing that it answers; else empty.</param>
    /// <param name="writer">Takes the message, of the framing's longest at most.</param>
    /// <returns>Whether there is such a message in this framing; if not, the writer is as it was.</returns>
    bool TryConvert(IProtocolRules from, ReadOnlySpan<byte> message, ushort unit, ReadOnlySpan<byte> request, IBufferWriter<byte> writer) =>
        false;

    /// <summary>Says how far replies are shared between the clients of a cluster.</summary>
    /// <param name="config">The cluster's part of the configuration.</param>
    /// <returns>By default they are not.</returns>
    ReplySharing SharingOf(ClusterMultiplexConfig config) => default;

    /// <summary>Builds what a route asks of its clients' requests.</summary>
    /// <param name="config">The route's part of the configuration, which was found valid.</param>
    /// <returns>Null if it lets all pass as they are.</returns>
    IRouteRules? RulesOf(MultiplexConfig config) => null;
}

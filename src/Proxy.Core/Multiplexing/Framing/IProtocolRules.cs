using System.Buffers;
using Proxy.Configuration.Multiplexing;

namespace Proxy.Multiplexing.Framing;

/// <summary>
/// What is known of a protocol beyond its framing. The default of each member stands for a protocol that has no rule about it.
/// </summary>
/// <remarks>
/// Rules keep no state: one instance serves all connections at the same time. They throw no exception, whatever the bytes, and allocate
/// nothing per message. A framer provides them as <see cref="IMessageFramer.Rules"/>. Messages are passed whole, unless a member says otherwise.
/// </remarks>
public interface IProtocolRules
{
    /// <summary>
    /// The name that several framings of one protocol share; their messages can be converted to each other. Null if there is no other
    /// framing.
    /// </summary>
    string? Family => null;

    /// <summary>Whether requests are for units behind the destination, one of which may be silent while others answer.</summary>
    bool HasUnits => false;

    /// <summary>Describes the target of a request, and whether its reply can be shared.</summary>
    /// <param name="request">The request.</param>
    /// <returns>What is known; nothing by default.</returns>
    RequestFacts Describe(ReadOnlySpan<byte> request) => default;

    /// <summary>Names what a request asks for, as far as its <see cref="RequestFacts.Target"/> tells it apart from others.</summary>
    /// <param name="request">The request.</param>
    /// <returns>A name for operators, which contains numbers of the request at most; empty by default.</returns>
    string NameTarget(ReadOnlySpan<byte> request) => "";

    /// <summary>
    /// Classifies a reply. Every reply is passed on to the request whose id it has, but only an <see cref="ReplyMeaning.Answer"/> may be cached
    /// for identical requests, and a <see cref="ReplyMeaning.Mismatch"/> is not shared.
    /// </summary>
    /// <param name="request">The request, as it was sent to the destination.</param>
    /// <param name="reply">The reply as it was received.</param>
    /// <returns>The meaning of the reply.</returns>
    ReplyMeaning Judge(ReadOnlySpan<byte> request, ReadOnlySpan<byte> reply) => ReplyMeaning.Answer;

    /// <summary>Corrects in a reply what its destination gets wrong, if the configuration says so, before a client gets it.</summary>
    /// <param name="reply">The whole reply; its length stays the same.</param>
    void Correct(Span<byte> reply) { }

    /// <summary>
    /// Writes a reply of the proxy itself, if the protocol can express it; otherwise the client's connection is reset. Not called for a
    /// request without reply (<see cref="MessageTraits.NoReply"/>).
    /// </summary>
    /// <param name="reply">The kind of the reply. After <see cref="LocalReply.Malformed"/> the client's connection is closed.</param>
    /// <param name="request">
    /// The client's request as it was received, before any conversion; only its first part if it is unfinished or malformed.
    /// </param>
    /// <param name="writer">Takes the reply, of less than 1 kB.</param>
    /// <returns>Whether a reply was written; if not, the writer is unchanged.</returns>
    bool TryWriteLocal(LocalReply reply, ReadOnlySpan<byte> request, IBufferWriter<byte> writer) => false;

    /// <summary>
    /// Converts a message to this framing from another one of the same <see cref="Family"/>, or to another unit in this framing.
    /// </summary>
    /// <param name="from">The rules of the message's present framing.</param>
    /// <param name="message">A request or a reply.</param>
    /// <param name="unit">The unit to write into the message.</param>
    /// <param name="request">For a reply, the request that it answers, in this framing; otherwise empty.</param>
    /// <param name="writer">Takes the message, of at most the framing's longest.</param>
    /// <returns>Whether this framing has such a message; if not, the writer is unchanged.</returns>
    bool TryConvert(IProtocolRules from, ReadOnlySpan<byte> message, ushort unit, ReadOnlySpan<byte> request, IBufferWriter<byte> writer) =>
        false;

    /// <summary>
    /// Whether a reply may be converted for a client, to which the destination's own unit is then not shown. By default any that is no
    /// <see cref="ReplyMeaning.Mismatch"/>; the client of another is told that the destination did not answer its request.
    /// </summary>
    /// <param name="request">The request, as it was sent to the destination.</param>
    /// <param name="reply">The reply as it was received.</param>
    /// <returns>Whether it may be converted.</returns>
    bool MayConvert(ReadOnlySpan<byte> request, ReadOnlySpan<byte> reply) => Judge(request, reply) != ReplyMeaning.Mismatch;

    /// <summary>Reads how replies are shared between the clients of a cluster.</summary>
    /// <param name="config">The cluster's section Multiplex.</param>
    /// <returns>How replies are shared; by default they are not.</returns>
    ReplySharing SharingOf(ClusterMultiplexConfig config) => default;

    /// <summary>Builds the rules that a route applies to its clients' requests.</summary>
    /// <param name="config">The route's section Multiplex, validated.</param>
    /// <returns>The rules; null if every request passes unchanged.</returns>
    IRouteRules? RulesOf(MultiplexConfig config) => null;
}

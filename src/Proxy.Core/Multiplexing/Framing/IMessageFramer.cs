using Proxy.Configuration.Multiplexing;

namespace Proxy.Multiplexing.Framing;

/// <summary>Finds where the messages of one protocol end. It measures messages and never changes them.</summary>
/// <remarks>
/// A framer keeps no state: one instance serves all connections at the same time, and gets earlier messages that it needs (such as the
/// request that a reply answers) as arguments. It throws no exception, whatever the bytes, and allocates nothing per message.
/// <para>
/// The caller keeps the bytes of one message in one contiguous buffer, appends what arrives, and measures again once there are
/// <see cref="FrameMeasure.Length"/> bytes, or the input is silent or has ended. The buffer never needs to exceed <see cref="MaxBytes"/>.
/// It grows with the bytes that have arrived (by doubling, for example), not to a length that a peer announced.
/// </para>
/// </remarks>
public interface IMessageFramer
{
    /// <summary>The name used in configuration; case is ignored.</summary>
    string Name { get; }

    /// <summary>One line that helps users to choose a protocol.</summary>
    string Description { get; }

    /// <summary>
    /// The longest message in bytes, in either direction, that is passed on whole. A longer one is malformed as soon as its length is known,
    /// or passed on in parts of at most this length (<see cref="FrameMeasure.Part"/>). Messages in parts have no
    /// <see cref="RequestFacts.ShareKey"/>.
    /// </summary>
    int MaxBytes { get; }

    /// <summary>
    /// The most bytes before a reply that the framer skips, since a checksum tells where a reply is. If there are any, bytes that arrive
    /// outside an exchange are dropped and do not end the connection, unless they are a whole message. 0 if the framer skips none.
    /// </summary>
    int MaxNoise => 0;

    /// <summary>The position of the id in messages; null if replies belong to requests by order only.</summary>
    CorrelationField? Correlation => null;

    /// <summary>
    /// The position of the id that clients find in their replies. It differs from <see cref="Correlation"/> only if the destination does not
    /// repeat ids: then the client's own is put back.
    /// </summary>
    CorrelationField? ClientId => Correlation;

    /// <summary>
    /// Whether a destination answers the requests on one connection in order, so that several may be sent before the first reply.
    /// </summary>
    bool RepliesInOrder => false;

    /// <summary>
    /// Whether clients of the protocol close their side and still wait for replies, as a shell pipe does. If not, a client that has closed
    /// its side has gone, and its requests that were not sent are dropped.
    /// </summary>
    bool AllowsHalfClose => true;

    /// <summary>What is known of the protocol beyond its framing; nothing by default.</summary>
    IProtocolRules Rules => NoRules.Instance;

    /// <summary>Returns the framer for destinations with certain settings.</summary>
    /// <param name="config">The cluster's section Multiplex, validated.</param>
    /// <returns>The framer of the same protocol; itself by default.</returns>
    IMessageFramer For(ClusterMultiplexConfig config) => this;

    /// <summary>Measures the message at the start of a buffer.</summary>
    /// <param name="context">The buffer and its circumstances.</param>
    /// <returns>How long the message is, how many bytes are missing, or why it is no message.</returns>
    FrameMeasure Measure(in MeasureContext context);
}

namespace Proxy.Multiplexing.Framing;

/// <summary>Finds where messages of one protocol end. It measures and never rewrites.</summary>
/// <remarks>
/// A framer keeps no state: one instance serves every connection at once, and what it needs from before (the request that a reply answers) is
/// given to it. It does not throw, whatever the bytes, and does not allocate per message.
/// <para>
/// The caller keeps the bytes of one message in one contiguous buffer, appends what arrives and measures again once there are
/// <see cref="FrameMeasure.Length"/> bytes, or the input is silent or ended. The buffer never needs to exceed <see cref="MaxBytes"/>; it grows with what has
/// arrived (doubling, say), not to what a peer announced.
/// </para>
/// </remarks>
public interface IMessageFramer
{
    /// <summary>The name used in configuration; any case.</summary>
    string Name { get; }

    /// <summary>One line for choosing a protocol.</summary>
    string Description { get; }

    /// <summary>The longest message in bytes, either way; a longer one is malformed as soon as that is known.</summary>
    int MaxBytes { get; }

    /// <summary>Where messages carry an id; null if a reply belongs to a request by its order only.</summary>
    CorrelationField? Correlation => null;

    /// <summary>Whether a destination answers requests on one connection in their order, so that several may be sent before the first reply.</summary>
    bool RepliesInOrder => false;

    /// <summary>What is known of the protocol beyond where its messages end; nothing by default.</summary>
    IProtocolRules Rules => NoRules.Instance;

    /// <summary>Measures the message at the start of a buffer.</summary>
    /// <param name="context">The buffer and what it belongs to.</param>
    /// <returns>How long it is, how much is missing, or why it is no message.</returns>
    FrameMeasure Measure(in MeasureContext context);
}

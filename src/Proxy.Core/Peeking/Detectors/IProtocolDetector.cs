namespace Proxy.Peeking.Detectors;

/// <summary>Recognizes a protocol by the first bytes of a client. Has no state, and is used by many threads.</summary>
public interface IProtocolDetector
{
    /// <summary>The name, as in <c>Match:Protocols</c> of a route.</summary>
    string Name { get; }

    /// <summary>Examines the first bytes of a client.</summary>
    /// <param name="bytes">
    /// All bytes that were received so far, at most 65,536: at least one. Called again with more of them as long as the result is
    /// <see cref="DetectorVerdict.MoreBytes"/>.
    /// </param>
    /// <returns>Whether the client speaks the protocol. It is final unless more bytes are needed.</returns>
    DetectorVerdict Detect(ReadOnlySpan<byte> bytes);
}

namespace Proxy.Peeking.Detectors;

/// <summary>Whether a client speaks a protocol, as far as its first bytes tell.</summary>
public enum DetectorVerdict
{
    /// <summary>More bytes are needed.</summary>
    MoreBytes,

    /// <summary>It speaks the protocol.</summary>
    Yes,

    /// <summary>It speaks another protocol.</summary>
    No,
}

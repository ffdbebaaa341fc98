namespace Proxy.Peeking.Detectors;

/// <summary>Compares first bytes with what a protocol begins with.</summary>
internal static class FirstBytes
{
    /// <summary>Whether bytes begin with a prefix; more bytes are needed while they are a part of it.</summary>
    public static DetectorVerdict Match(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> prefix) =>
        bytes.Length >= prefix.Length ? bytes.StartsWith(prefix).ToVerdict()
        : prefix.StartsWith(bytes) ? DetectorVerdict.MoreBytes
        : DetectorVerdict.No;

    /// <summary>Yes or no.</summary>
    public static DetectorVerdict ToVerdict(this bool isProtocol) => isProtocol ? DetectorVerdict.Yes : DetectorVerdict.No;
}

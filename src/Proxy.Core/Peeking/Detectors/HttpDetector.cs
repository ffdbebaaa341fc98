namespace Proxy.Peeking.Detectors;

/// <summary>
/// HTTP in clear: the preface of HTTP/2 (RFC 9113, 3.4), or a request line of HTTP/1 (RFC 9112, 3). With one of the usual methods its beginning is
/// enough; with another one the version at its end is needed.
/// </summary>
internal sealed class HttpDetector : IProtocolDetector
{
    private const int LongestMethod = 32;
    private const int LongestLine = 8192;

    private static readonly byte[][] _usual =
    [
        "GET "u8.ToArray(),
        "HEAD "u8.ToArray(),
        "POST "u8.ToArray(),
        "PUT "u8.ToArray(),
        "DELETE "u8.ToArray(),
        "CONNECT "u8.ToArray(),
        "OPTIONS "u8.ToArray(),
        "TRACE "u8.ToArray(),
        "PATCH "u8.ToArray(),
    ];

    public string Name => "Http";

    public DetectorVerdict Detect(ReadOnlySpan<byte> bytes)
    {
        foreach (var method in _usual)
        {
            if (bytes.StartsWith(method))
            {
                return bytes.Length == method.Length ? DetectorVerdict.MoreBytes : IsVisible(bytes[method.Length]).ToVerdict();
            }
        }

        var preface = FirstBytes.Match(bytes, "PRI * HTTP/2.0\r\n"u8);
        return preface == DetectorVerdict.No ? DetectLine(bytes) : preface;
    }

    private static DetectorVerdict DetectLine(ReadOnlySpan<byte> bytes)
    {
        var method = 0;
        while (method < bytes.Length && (char.IsAsciiLetterUpper((char)bytes[method]) || bytes[method] is (byte)'-' or (byte)'_'))
        {
            method++;
        }

        if (method > LongestMethod || (method < bytes.Length && (method == 0 || bytes[method] != (byte)' ')))
        {
            return DetectorVerdict.No;
        }

        var end = bytes.IndexOf((byte)'\n');
        if (end < 0)
        {
            return bytes.Length > LongestLine ? DetectorVerdict.No : DetectorVerdict.MoreBytes;
        }

        var line = bytes[..end].TrimEnd((byte)'\r');
        var version = line.LastIndexOf((byte)' ');
        return (version > method && line[version..].StartsWith(" HTTP/1."u8)).ToVerdict();
    }

    private static bool IsVisible(byte value) => value is > (byte)' ' and < 127;
}

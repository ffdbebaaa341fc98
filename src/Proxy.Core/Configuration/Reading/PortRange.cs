using System.Globalization;
using System.Net;

namespace Proxy.Configuration.Reading;

/// <summary>A port, or ports from the first to the last.</summary>
/// <param name="First">The first port.</param>
/// <param name="Last">The last port, not below the first.</param>
internal readonly record struct PortRange(int First, int Last)
{
    /// <summary>The largest number of ports of one range.</summary>
    public const int MaxSize = 1024;

    /// <summary>The number of ports.</summary>
    public int Size => Last - First + 1;

    /// <summary>Parses <c>port</c> or <c>first-last</c>; a single port may be 0.</summary>
    public static bool TryParse(string text, out PortRange range, out string? error)
    {
        var dash = text.IndexOf('-', StringComparison.Ordinal);
        var last = 0;
        var parsed =
            TryParsePort(dash < 0 ? text : text[..dash], out var first) && TryParsePort(dash < 0 ? text : text[(dash + 1)..], out last);
        error =
            !parsed ? $"'{text}' is no port; ports are 0 to 65535, a range is first-last."
            : dash >= 0 && (first == 0 || last < first) ? $"'{text}' is no range of ports; the first is at least 1 and not above the last."
            : last - first >= MaxSize ? $"'{text}' is more than {MaxSize} ports; split it or use fewer."
            : null;
        range = error is null ? new(first, last) : default;
        return error is null;
    }

    private static bool TryParsePort(string text, out int port) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port <= IPEndPoint.MaxPort;
}

using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Text;

namespace Proxy.Configuration.Channels;

/// <summary>Writes and reads ports as a short text, such as 9100,9200-9299.</summary>
internal static class PortRanges
{
    /// <summary>Writes ports in order; consecutive ones as a range.</summary>
    public static string Write(IReadOnlyList<int> ports)
    {
        var text = new StringBuilder();
        for (var first = 0; first < ports.Count; )
        {
            var last = first;
            while (last + 1 < ports.Count && ports[last + 1] == ports[last] + 1)
            {
                last++;
            }

            text.Append(first == 0 ? "" : ",").Append(CultureInfo.InvariantCulture, $"{ports[first]}");
            text.Append(last == first ? "" : string.Create(CultureInfo.InvariantCulture, $"-{ports[last]}"));
            first = last + 1;
        }

        return text.ToString();
    }

    /// <summary>Reads such a text, with at most <see cref="ChannelLimits.MaxPorts"/> ports.</summary>
    public static bool TryRead(string? text, [NotNullWhen(true)] out IReadOnlyList<int>? ports)
    {
        ports = null;
        List<int> read = [];
        foreach (var range in string.IsNullOrEmpty(text) ? [] : text.Split(','))
        {
            if (!TryReadRange(range, out var first, out var last) || read.Count + last - first + 1 > ChannelLimits.MaxPorts)
            {
                return false;
            }

            read.AddRange(Enumerable.Range(first, last - first + 1));
        }

        ports = text is null ? null : read;
        return ports is not null;
    }

    private static bool TryReadRange(string text, out int first, out int last)
    {
        var dash = text.IndexOf('-', StringComparison.Ordinal);
        last = 0;
        return TryReadPort(dash < 0 ? text : text[..dash], out first) && TryReadPort(text[(dash + 1)..], out last) && first <= last;
    }

    private static bool TryReadPort(string text, out int port) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port is >= 1 and <= IPEndPoint.MaxPort;
}

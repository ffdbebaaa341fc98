using System.Globalization;

namespace Proxy.Configuration.Channels;

/// <summary>The number in an instance id, which determines its local address.</summary>
internal static class ChannelOrdinal
{
    /// <summary>The largest number for which there is an address: 127.0.255.254.</summary>
    public const int Max = 65532;

    /// <summary>The number after the last _ or -, or the whole id if it has neither; null if that is not a number in range.</summary>
    public static int? Of(string id) =>
        int.TryParse(id.AsSpan(id.LastIndexOfAny(['_', '-']) + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        && number <= Max
            ? number
            : null;
}

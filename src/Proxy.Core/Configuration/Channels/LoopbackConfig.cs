using System.Globalization;
using System.Text.RegularExpressions;

namespace Proxy.Configuration.Channels;

/// <summary>The local addresses that stand for members.</summary>
public sealed partial record LoopbackConfig
{
    private const int LastNetwork = 254;

    /// <summary>Whether members have addresses of their own.</summary>
    public LoopbackMode Mode { get; init; }

    /// <summary>
    /// Where the addresses of members are here; those of Request channels are in the network after it. Another one than the default is
    /// for several instances on one machine only: elsewhere programs tell each other these addresses, and they have to be the same everywhere.
    /// </summary>
    public string Network { get; init; } = "127.0.0.0/16";

    /// <summary>Where the addresses of Request channels, and ports in Mode Port, are kept so that they stay the same.</summary>
    public string StateFile { get; init; } = "channels.state.json";

    /// <summary>The number of the network: n of 127.n.0.0/16.</summary>
    internal int NetworkNumber => TryParseNetwork(Network, out var number) ? number : 0;

    internal static bool TryParseNetwork(string text, out int number)
    {
        number = 0;
        return Format().Match(text) is { Success: true } match
            && int.TryParse(match.Groups[1].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out number)
            && number <= LastNetwork;
    }

    [GeneratedRegex("^127\\.(0|[1-9][0-9]{0,2})\\.0\\.0/16\\z", RegexOptions.CultureInvariant)]
    private static partial Regex Format();
}

using System.Globalization;
using System.Text.RegularExpressions;

namespace Proxy.Configuration.Channels;

/// <summary>The local addresses that stand for members.</summary>
public sealed partial record LoopbackConfig
{
    private const int LastNetwork = 254;

    /// <summary>Whether members have addresses of their own, or ports of one address.</summary>
    public LoopbackMode Mode { get; init; }

    /// <summary>
    /// The network of the members' addresses on this machine; the one after it has those of Request channels. Only for several instances on
    /// one machine it differs from the default: otherwise programs pass these addresses to each other, so they have to be the same
    /// everywhere.
    /// </summary>
    public string Network { get; init; } = "127.0.0.0/16";

    /// <summary>The file that keeps the addresses of Request channels, and the ports of mode Port, so that they stay the same.</summary>
    public string StateFile { get; init; } = "channels.state.json";

    /// <summary>The file beside it that keeps the members.</summary>
    internal string MembersFile => Path.ChangeExtension(StateFile, ".members");

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

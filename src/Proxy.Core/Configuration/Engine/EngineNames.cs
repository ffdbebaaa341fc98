using Proxy.Configuration.Channels;

namespace Proxy.Configuration.Engine;

/// <summary>The names of this host for the engine, where the configuration leaves them out.</summary>
internal static class EngineNames
{
    private const string NoGroup = "default";

    /// <summary>The settings with group and instance: those of channels, or else a group that all share and the name of the machine.</summary>
    public static EngineConfig Complete(EngineConfig config, ChannelsConfig? channels, string machine) =>
        config with
        {
            Group = config.Group ?? channels?.Group ?? NoGroup,
            Instance = config.Instance ?? channels?.Instance.Id ?? Machine(machine),
        };

    // What a name may not have becomes a dash; a host's name has letters, digits, dashes and dots.
    private static string Machine(string machine)
    {
        var name = string.Concat(machine.Select(static letter => char.IsAsciiLetterOrDigit(letter) || letter is '_' or '-' ? letter : '-'));
        var valid = name[..Math.Min(name.Length, 63)].Trim('-', '_');
        return ChannelNames.IsValid(valid) ? valid : "host";
    }
}

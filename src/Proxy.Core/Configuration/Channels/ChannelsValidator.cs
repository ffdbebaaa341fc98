using Proxy.Configuration.Reading;

namespace Proxy.Configuration.Channels;

/// <summary>Checks the section Channels: names, the instance, members. Tunnel and items have validators of their own.</summary>
internal static class ChannelsValidator
{
    public const string Section = "Channels";

    /// <param name="channels">The section.</param>
    /// <param name="hasEngine">Whether there is an engine, which may tell the members.</param>
    /// <param name="engineGroup">The group of the engine, if it names one.</param>
    /// <param name="names">The names that are registered in code.</param>
    /// <param name="problems">Receives the problems.</param>
    public static void Check(ChannelsConfig? channels, bool hasEngine, string? engineGroup, ConfigNames names, ProblemList problems)
    {
        if (channels is null)
        {
            return;
        }

        CheckName(channels.Group, $"{Section}:Group", problems);
        CheckInstance(channels, problems);
        TunnelValidator.Check(channels.Tunnel, problems);
        MembershipValidator.Check(channels.Membership, names.MembershipProviders, problems);
        MembershipValidator.CheckEngine(channels, hasEngine, engineGroup, problems);
        foreach (var (name, item) in channels.Items)
        {
            ChannelValidator.Check(item, $"{Section}:Items:{name}", problems);
        }

        ChannelValidator.CheckTogether(channels.Items, problems);
        ChannelValidator.CheckAnnouncement(channels.Items, problems);
        if (channels.Loopback.StateFile.Length == 0)
        {
            problems.Consequence($"{Section}:Loopback:StateFile", "is empty; name a file.");
        }

        if (!LoopbackConfig.TryParseNetwork(channels.Loopback.Network, out _))
        {
            problems.Consequence(
                $"{Section}:Loopback:Network",
                $"'{ScalarReader.Shorten(channels.Loopback.Network)}' is no network for members; write one of 127.0.0.0/16 to 127.254.0.0/16."
            );
        }

        ChannelNotifyValidator.Check(channels.Notify, problems);
    }

    /// <summary>Adds an error if a name is not valid.</summary>
    public static void CheckName(string? name, string path, ProblemList problems)
    {
        if (string.IsNullOrEmpty(name))
        {
            problems.Consequence(path, $"is required and missing; write {ChannelNames.Rule}.");
        }
        else if (!ChannelNames.IsValid(name))
        {
            problems.Consequence(path, $"'{ScalarReader.Shorten(name)}' is no name; write {ChannelNames.Rule}.");
        }
    }

    private static void CheckText(string? text, string path, ProblemList problems)
    {
        if (text?.Length > ChannelLimits.MaxText)
        {
            problems.Consequence(path, $"has {text.Length} letters; {ChannelLimits.MaxText} are allowed.");
        }
    }

    private static void CheckInstance(ChannelsConfig channels, ProblemList problems)
    {
        var instance = channels.Instance;
        const string Path = $"{Section}:Instance:Id";
        CheckText(instance.Role, $"{Section}:Instance:Role", problems);
        CheckText(instance.Zone, $"{Section}:Instance:Zone", problems);
        CheckName(instance.Id, Path, problems);
        if (
            instance.Ordinal is null
            && ChannelNames.IsValid(instance.Id)
            && ChannelOrdinal.Of(instance.Id) is null
            && !channels.Membership.Is(MembershipProviders.Engine) // where it claims one
        )
        {
            problems.Consequence(
                Path,
                $"'{instance.Id}' has no number from 0 to {ChannelOrdinal.Max} after its last '_' or '-'; set Instance:Ordinal, or claim one with Membership:Provider Engine.",
                $"{Section}:Instance:Ordinal"
            );
        }
    }
}

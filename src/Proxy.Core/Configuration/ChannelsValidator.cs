namespace Proxy.Configuration;

/// <summary>Checks the section Channels: names, the instance, members; tunnel and items have validators of their own.</summary>
internal static class ChannelsValidator
{
    public const string Section = "Channels";

    public static void Check(ChannelsConfig? channels, ProblemList problems)
    {
        if (channels is null)
        {
            return;
        }

        CheckName(channels.Group, $"{Section}:Group", problems);
        CheckInstance(channels.Instance, problems);
        TunnelValidator.Check(channels.Tunnel, problems);
        CheckMembers(channels.Membership, problems);
        foreach (var (name, item) in channels.Items)
        {
            ChannelValidator.Check(item, $"{Section}:Items:{name}", problems);
        }

        ChannelValidator.CheckTogether(channels.Items, problems);
        if (channels.Loopback.StateFile.Length == 0)
        {
            problems.Consequence($"{Section}:Loopback:StateFile", "is empty; name a file.");
        }

        if (channels.Notify.Debounce.Min > channels.Notify.Debounce.Max)
        {
            problems.Consequence($"{Section}:Notify:Debounce", "has a Min above its Max.", $"{Section}:Notify:Debounce");
        }
    }

    /// <summary>Adds an error unless a name can be one.</summary>
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

    private static void CheckInstance(ChannelInstanceConfig instance, ProblemList problems)
    {
        const string Path = $"{Section}:Instance:Id";
        CheckName(instance.Id, Path, problems);
        if (instance.Ordinal is null && ChannelNames.IsValid(instance.Id) && ChannelOrdinal.Of(instance.Id) is null)
        {
            problems.Consequence(
                Path,
                $"'{instance.Id}' has no number from 0 to {ChannelOrdinal.Max} after its last '_' or '-'; set Instance:Ordinal.",
                $"{Section}:Instance:Ordinal"
            );
        }
    }

    private static void CheckMembers(MembershipConfig membership, ProblemList problems)
    {
        foreach (var (id, member) in membership.Members)
        {
            var path = $"{Section}:Membership:Members:{id}";
            if (!ChannelNames.IsValid(id))
            {
                problems.Consequence(path, $"'{ScalarReader.Shorten(id)}' is no instance id; write {ChannelNames.Rule}.");
            }

            if (!HostAndPort.TryParse(member.Address, out _))
            {
                problems.Consequence(
                    $"{path}:Address",
                    $"'{ScalarReader.Shorten(member.Address)}' is no address of a tunnel; write host:port, with a port of 1 to 65535."
                );
            }

            foreach (var (index, connector) in (member.Connectors ?? []).Index())
            {
                CheckName(connector, $"{path}:Connectors:{index}", problems);
            }
        }
    }
}

using Proxy.Configuration.Reading;

namespace Proxy.Configuration.Channels;

/// <summary>Checks the source of the members.</summary>
internal static class MembershipValidator
{
    private const string Path = $"{ChannelsValidator.Section}:Membership";
    private const string EngineEtcd = "Engine:Etcd";
    private const string EngineGroup = "Engine:Group";

    public static void Check(MembershipConfig membership, IReadOnlyCollection<string> inCode, ProblemList problems)
    {
        CheckMembers(membership.Members, problems);
        CheckProviderName(
            membership,
            [MembershipProviders.Static, MembershipProviders.Dns, MembershipProviders.Engine, .. inCode],
            problems
        );
        CheckProvider(membership, problems);
        if (membership.Guard.MaxLossFraction is not (>= 0 and <= 1))
        {
            problems.Consequence($"{Path}:Guard:MaxLossFraction", "is no part of the members; write a number from 0 to 1.");
        }
    }

    /// <summary>Checks that the engine is there for the provider Engine, and that its group is that of the channels.</summary>
    public static void CheckEngine(ChannelsConfig channels, bool hasEngine, string? engineGroup, ProblemList problems)
    {
        if (!channels.Membership.Is(MembershipProviders.Engine))
        {
            return;
        }

        if (!hasEngine)
        {
            problems.Consequence(
                $"{Path}:Provider",
                $"'{MembershipProviders.Engine}' needs an engine; write Engine:Etcd:Endpoints, or use '{MembershipProviders.Static}' or '{MembershipProviders.Dns}'.",
                EngineEtcd
            );
        }
        else if (engineGroup is { } group && group != channels.Group)
        {
            problems.Consequence(
                EngineGroup,
                $"is '{ScalarReader.Shorten(group)}' and {ChannelsValidator.Section}:Group is '{ScalarReader.Shorten(channels.Group)}'; the members are found by one group, so leave Engine:Group out.",
                $"{ChannelsValidator.Section}:Group"
            );
        }
    }

    private static void CheckProviderName(MembershipConfig membership, IReadOnlyCollection<string> known, ProblemList problems)
    {
        var name = membership.Provider;
        if (known.Contains(name, StringComparer.OrdinalIgnoreCase))
        {
            return;
        }

        problems.Consequence(
            $"{Path}:Provider",
            $"no provider '{ScalarReader.Shorten(name)}'{DidYouMean.Suffix(name, known)} Known providers: {DidYouMean.List(known)}."
        );
    }

    private static void CheckProvider(MembershipConfig membership, ProblemList problems)
    {
        var provider = ScalarReader.Shorten(membership.Provider);
        if (membership.Members.Count > 0 && !membership.Is(MembershipProviders.Static))
        {
            problems.Consequence(
                $"{Path}:Members",
                $"is for the provider Static, and this is {provider}; leave it out, or change Provider.",
                $"{Path}:Provider"
            );
        }

        if (!membership.Is(MembershipProviders.Dns))
        {
            if (membership.Dns is not null)
            {
                problems.Consequence(
                    $"{Path}:Dns",
                    $"is for the provider Dns, and this is {provider}; leave it out, or change Provider.",
                    $"{Path}:Provider"
                );
            }

            return;
        }

        if (membership.Dns is not { Name.Length: > 0 } dns)
        {
            problems.Consequence($"{Path}:Dns:Name", "is required and missing; write the DNS name of the members.");
        }
        else if (Uri.CheckHostName(dns.Name.TrimEnd('.')) == UriHostNameType.Unknown)
        {
            problems.Consequence(
                $"{Path}:Dns:Name",
                $"'{ScalarReader.Shorten(dns.Name)}' is no host name; write one such as members.example.org."
            );
        }
    }

    private static void CheckMembers(IReadOnlyDictionary<string, ChannelMemberConfig> members, ProblemList problems)
    {
        foreach (var (id, member) in members)
        {
            var path = $"{Path}:Members:{id}";
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
                ChannelsValidator.CheckName(connector, $"{path}:Connectors:{index}", problems);
            }
        }
    }
}

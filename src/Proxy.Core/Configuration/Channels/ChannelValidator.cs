using Proxy.Configuration.Reading;

namespace Proxy.Configuration.Channels;

/// <summary>Checks channels, each by itself and all together.</summary>
internal static class ChannelValidator
{
    public static void Check(ChannelConfig channel, string path, ProblemList problems)
    {
        ChannelsValidator.CheckName(channel.Connector, $"{path}:Connector", problems);
        if (channel.Type is not { } type)
        {
            problems.Consequence($"{path}:Type", "is required and missing; write 'Request', 'Reply' or 'Duplex'.");
            return;
        }

        CheckPorts(channel, type, path, problems);
        CheckMode(channel, type, path, problems);
        CheckPatterns(channel.Allow, $"{path}:Allow", channel.Serves, "a channel that serves", problems);
        CheckPatterns(channel.Offer, $"{path}:Offer", channel.Calls, "a channel that calls", problems);
        if (channel.WhenEmpty != WhenEmpty.Wait && type != ChannelType.Request)
        {
            problems.Consequence($"{path}:WhenEmpty", "is for Type Request only; leave it out.", $"{path}:Type");
        }

        CheckReady(channel, path, problems);
    }

    private static void CheckReady(ChannelConfig channel, string path, ProblemList problems)
    {
        if (channel.Ready != ReadyCheck.Tcp && !channel.Serves)
        {
            problems.Consequence(
                $"{path}:Ready",
                "is for a channel that serves: Reply, or Duplex with Mode Connect or Both.",
                $"{path}:Type"
            );
        }
        else if (channel.ReadyInterval != ChannelConfig.DefaultReadyInterval && (!channel.Serves || channel.Ready == ReadyCheck.None))
        {
            problems.Consequence(
                $"{path}:ReadyInterval",
                "is for a channel that serves with Ready Tcp or OnDial; leave it out.",
                channel.Serves ? $"{path}:Ready" : $"{path}:Type"
            );
        }
    }

    public static void CheckTogether(IReadOnlyDictionary<string, ChannelConfig> items, ProblemList problems)
    {
        var served = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        var bound = new Dictionary<int, string>();
        foreach (var (name, item) in items.OrderBy(static pair => pair.Key, StringComparer.OrdinalIgnoreCase))
        {
            var path = $"{ChannelsValidator.Section}:Items:{name}";
            if (item.Serves && item.Connector.Length > 0 && !served.TryAdd(item.Connector, name))
            {
                problems.Consequence(
                    $"{path}:Connector",
                    $"'{item.Connector}' is served by channel '{served[item.Connector]}' already; give one of both a connector of its own."
                );
            }

            var clash = item.Type == ChannelType.Duplex && item.Calls ? item.AllPorts.FirstOrDefault(port => !bound.TryAdd(port, name)) : 0;
            if (clash > 0 && bound[clash] != name)
            {
                problems.Consequence(
                    path,
                    $"would listen on port {clash} of each member, as channel '{bound[clash]}' does already; use another port.",
                    path
                );
            }
        }
    }

    // Other instances would refuse an instance whose record does not fit into one line, and the reason would be in their logs only.
    public static void CheckAnnouncement(IReadOnlyDictionary<string, ChannelConfig> items, ProblemList problems)
    {
        const string Path = $"{ChannelsValidator.Section}:Items";
        var connectors = items.Values.Select(static item => item.Connector).Distinct(StringComparer.OrdinalIgnoreCase).Count();
        if (connectors > ChannelLimits.MaxConnectors)
        {
            problems.Consequence(
                Path,
                $"has {connectors} connectors; at most {ChannelLimits.MaxConnectors} are allowed, so use fewer.",
                Path
            );
        }
        else if (!ChannelLimits.Fits(items.Values))
        {
            problems.Consequence(
                Path,
                "serves more single ports than fit into the record that other instances get; write ranges of ports, or fewer.",
                Path
            );
        }
    }

    private static void CheckPorts(ChannelConfig channel, ChannelType type, string path, ProblemList problems)
    {
        var ways =
            (channel.Port is null ? 0 : 1) + (channel.Ports is null ? 0 : 1) + (channel.MinPort is null && channel.MaxPort is null ? 0 : 1);
        if (type != ChannelType.Duplex && (channel.Port is null || ways != 1))
        {
            problems.Consequence(path, $"needs Port and no other ports: a {type} channel has one.", path);
        }
        else if (type == ChannelType.Duplex && ways != 1)
        {
            problems.Consequence(path, "needs one of Port, Ports, and MinPort with MaxPort.", path);
        }
        else if (channel.Ports?.FirstOrDefault(static port => port is < 1 or > 65535, -1) is { } wrong and not -1)
        {
            problems.Consequence($"{path}:Ports", $"{wrong} is no port; 1 to 65535 is allowed.", $"{path}:Ports");
        }
        else if (channel.AllPorts.Count is 0 or > ChannelLimits.MaxPorts)
        {
            problems.Consequence(path, $"needs 1 to {ChannelLimits.MaxPorts} ports, the first before the last.", path);
        }
    }

    private static void CheckMode(ChannelConfig channel, ChannelType type, string path, ProblemList problems)
    {
        if (type == ChannelType.Duplex && channel.Mode is null)
        {
            problems.Consequence($"{path}:Mode", "is required and missing; write 'Bind', 'Connect' or 'Both'.");
        }
        else if (type != ChannelType.Duplex && channel.Mode is not null)
        {
            problems.Consequence($"{path}:Mode", "is for Type Duplex only; leave it out.", $"{path}:Type");
        }
    }

    private static void CheckPatterns(IReadOnlyList<string>? patterns, string path, bool possible, string place, ProblemList problems)
    {
        if (patterns is not null && !possible)
        {
            problems.Consequence(path, $"is for {place} only.", path);
        }

        foreach (var (index, pattern) in (patterns ?? []).Index())
        {
            if (pattern.Length is 0 or > 63 || !pattern.All(static c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '*'))
            {
                problems.Consequence(
                    $"{path}:{index}",
                    $"'{ScalarReader.Shorten(pattern)}' is no instance id; write one, with * for any number of characters."
                );
            }
        }
    }
}

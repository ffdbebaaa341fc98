using Proxy.Channels;
using Proxy.Channels.Membership;

namespace Proxy.Conditions.Rules;

/// <summary>Channels, whose local addresses or servers fail or whose members may be out of date; and the members of the group.</summary>
internal sealed class ChannelConditions(ChannelRegistry channels) : IConditionSource
{
    private const ConditionKind Kind = ConditionKind.Channel;

    public IEnumerable<Condition> Read() =>
        channels.Channels().Select(Of).Concat(channels.Members().Select(Of)).Concat(channels.Lost.Select(Of));

    private Condition Of(ChannelStatus channel) =>
        Facts.Worst(
            Condition.Ok(Kind, channel.Name),
            channel.NotBound is { } bound ? Facts.Of(Kind, channel.Name, ConditionLevel.Down, ConditionReason.NotListening, bound) : null,
            channel.NotServed is { } served ? Facts.InARow(Kind, channel.Name, ConditionReason.ConnectFailed, served) : null,
            channels.StaleSince is { } since
                ? new(Kind, channel.Name, ConditionLevel.Degraded, ConditionReason.RegistryUnreachable) { Since = since, Count = 1 }
                : null
        );

    private static Condition Of(MemberStatus member) =>
        member.State switch
        {
            MemberState.Suspect => new(ConditionKind.Member, member.Id, ConditionLevel.Down, ConditionReason.Suspect)
            {
                Since = member.StateSince,
                LastError = Facts.Line($"{member.Address} does not answer"),
                Count = 1,
            },
            MemberState.Draining => Condition.Ok(ConditionKind.Member, member.Id, ConditionReason.Draining),
            _ when member.Drained => Condition.Ok(ConditionKind.Member, member.Id, ConditionReason.Drained),
            _ => Condition.Ok(ConditionKind.Member, member.Id),
        };

    private static Condition Of(LostMember member) =>
        new(ConditionKind.Member, member.Id, ConditionLevel.Down, ConditionReason.Gone) { Since = member.At, Count = 1 };
}

using Proxy.Configuration.Reading;

namespace Proxy.Configuration.Channels;

/// <summary>The source of the members of the group.</summary>
public sealed record MembershipConfig
{
    /// <summary>The provider of the members: Static, Dns, Engine (the section Engine), or the name of one that an application registers in code.</summary>
    public string Provider { get; init; } = MembershipProviders.Static;

    /// <summary>The other instances by id, for the provider Static; this instance's own id may be among them.</summary>
    public IReadOnlyDictionary<string, ChannelMemberConfig> Members
    {
        get;
        init => field = ById.Copy(value);
    } = ById.Empty<ChannelMemberConfig>();

    /// <summary>The DNS name of the members, for the provider Dns.</summary>
    public DnsMembershipConfig? Dns { get; init; }

    /// <summary>When the loss of many members at once is not believed.</summary>
    public MembershipGuardConfig Guard { get; init; } = new();
}

namespace Proxy.Configuration;

/// <summary>Who the members are.</summary>
[NotAvailableYet("Dns", "Guard")]
public sealed record MembershipConfig
{
    /// <summary>Who says so.</summary>
    public MembershipProviderKind Provider { get; init; }

    /// <summary>The other instances by id, for the provider Static; the own id may be among them.</summary>
    public IReadOnlyDictionary<string, ChannelMemberConfig> Members
    {
        get;
        init => field = ById.Copy(value);
    } = ById.Empty<ChannelMemberConfig>();
}

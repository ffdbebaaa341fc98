using Proxy.Configuration.Channels;

namespace Proxy.Channels.Membership;

/// <summary>An instance that may be a member, and is asked.</summary>
/// <param name="Key">What tells candidates apart: the id, or the address where no id is known.</param>
/// <param name="Id">The instance it has to be; null for any.</param>
/// <param name="Address">Where its tunnel is.</param>
/// <param name="Connectors">The connectors it may take part in; null for all.</param>
internal sealed record HelloCandidate(string Key, string? Id, string Address, IReadOnlyList<string>? Connectors)
{
    public static HelloCandidate Of(string id, ChannelMemberConfig config) => new(id, id, config.Address, config.Connectors);

    public static HelloCandidate At(string address) => new(address, null, address, null);

    /// <inheritdoc />
    public bool Equals(HelloCandidate? other) =>
        other is not null
        && (Key, Id, Address) == (other.Key, other.Id, other.Address)
        && (Connectors is null) == (other.Connectors is null)
        && (Connectors ?? []).SequenceEqual(other.Connectors ?? []);

    /// <inheritdoc />
    public override int GetHashCode() => HashCode.Combine(Key, Address);

    /// <summary>A member may say that it offers more than it is allowed to.</summary>
    public MemberRecord Limit(MemberRecord member) =>
        Connectors is { } allowed
            ? member with
            {
                Connectors = [.. member.Connectors.Where(part => allowed.Contains(part.Name, StringComparer.OrdinalIgnoreCase))],
            }
            : member;
}

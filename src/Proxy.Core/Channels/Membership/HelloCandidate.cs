using Proxy.Configuration.Channels;

namespace Proxy.Channels.Membership;

/// <summary>An instance that may be a member; it is queried to find out.</summary>
/// <param name="Key">Tells candidates apart: the id, or the address if no id is known.</param>
/// <param name="Id">The id that the instance has to prove; null for any.</param>
/// <param name="Address">The host and port of its tunnel.</param>
/// <param name="Connectors">The connectors that the configuration allows it; null for all.</param>
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

    /// <summary>Removes the connectors that the configuration does not allow the instance, since it may publish more.</summary>
    public MemberRecord Limit(MemberRecord member) =>
        Connectors is { } allowed
            ? member with
            {
                Connectors = [.. member.Connectors.Where(part => allowed.Contains(part.Name, StringComparer.OrdinalIgnoreCase))],
            }
            : member;
}

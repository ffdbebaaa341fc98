using System.Net;

namespace Proxy.Channels.Membership;

/// <summary>The record that a member publishes of itself.</summary>
/// <param name="Id">The instance id.</param>
/// <param name="Epoch">A value that is new at every start, which tells a restarted instance from its predecessor.</param>
/// <param name="Address">The host and port of its tunnel.</param>
/// <param name="LocalAddress">The loopback address that stands for it on every instance.</param>
public sealed record MemberRecord(string Id, string Epoch, string Address, IPAddress LocalAddress)
{
    /// <summary>Its role in the group, as configured there.</summary>
    public string? Role { get; init; }

    /// <summary>Its zone, as configured there.</summary>
    public string? Zone { get; init; }

    /// <summary>Whether it is up, draining or suspect.</summary>
    public MemberState State { get; init; }

    /// <summary>The connectors that it calls or serves, by name.</summary>
    public IReadOnlyList<MemberConnector> Connectors { get; init; } = [];

    /// <summary>Its part in a connector; null when it has none.</summary>
    /// <param name="connector">The connector's name; case is ignored.</param>
    /// <returns>The part.</returns>
    public MemberConnector? Find(string connector) =>
        Connectors.FirstOrDefault(part => part.Name.Equals(connector, StringComparison.OrdinalIgnoreCase));

    /// <inheritdoc />
    public bool Equals(MemberRecord? other) =>
        other is not null
        && (Id, Epoch, Address, Role, Zone, State) == (other.Id, other.Epoch, other.Address, other.Role, other.Zone, other.State)
        && LocalAddress.Equals(other.LocalAddress)
        && Connectors.SequenceEqual(other.Connectors);

    /// <inheritdoc />
    public override int GetHashCode() => HashCode.Combine(Id, Epoch, Address, State);
}

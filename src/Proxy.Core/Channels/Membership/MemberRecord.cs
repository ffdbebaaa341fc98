using System.Net;

namespace Proxy.Channels.Membership;

/// <summary>What a member says of itself.</summary>
/// <param name="Id">The instance id.</param>
/// <param name="Epoch">New at every start, so that a restarted instance is not taken for the one before.</param>
/// <param name="Address">The host and port of its tunnel.</param>
/// <param name="LocalAddress">The loopback address that stands for it everywhere.</param>
public sealed record MemberRecord(string Id, string Epoch, string Address, IPAddress LocalAddress)
{
    /// <summary>What it does in the group.</summary>
    public string? Role { get; init; }

    /// <summary>Where it is.</summary>
    public string? Zone { get; init; }

    /// <summary>How it is.</summary>
    public MemberState State { get; init; }

    /// <summary>The connectors it takes part in, by name.</summary>
    public IReadOnlyList<MemberConnector> Connectors { get; init; } = [];

    /// <summary>Its part in a connector; null when it has none.</summary>
    /// <param name="connector">The connector's name, which ignores case.</param>
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

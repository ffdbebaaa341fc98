namespace Proxy.Channels.Membership;

/// <summary>A member's part in a connector.</summary>
/// <param name="Name">The connector.</param>
/// <param name="Serves">Whether it accepts tunnels for the connector at present, since its local server is ready.</param>
/// <param name="Duplex">Whether it is reached by its name rather than as one of several equal members.</param>
/// <param name="Ports">The ports on which it can be reached.</param>
public sealed record MemberConnector(string Name, bool Serves, bool Duplex, IReadOnlyList<int> Ports)
{
    /// <inheritdoc />
    public bool Equals(MemberConnector? other) =>
        other is not null && Name == other.Name && Serves == other.Serves && Duplex == other.Duplex && Ports.SequenceEqual(other.Ports);

    /// <inheritdoc />
    public override int GetHashCode() => HashCode.Combine(Name, Serves, Duplex, Ports.Count);
}

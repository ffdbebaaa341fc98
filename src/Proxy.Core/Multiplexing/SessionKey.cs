namespace Proxy.Multiplexing;

/// <summary>Which destination a session is for: when one of the three changes, it is another one.</summary>
/// <param name="ClusterId">The cluster.</param>
/// <param name="DestinationId">The destination.</param>
/// <param name="Address">Its address.</param>
internal sealed record SessionKey(string ClusterId, string DestinationId, string Address)
{
    public bool Equals(SessionKey? other) =>
        other is not null
        && StringComparer.OrdinalIgnoreCase.Equals(ClusterId, other.ClusterId)
        && StringComparer.OrdinalIgnoreCase.Equals(DestinationId, other.DestinationId)
        && StringComparer.Ordinal.Equals(Address, other.Address);

    public override string ToString() => $"{ClusterId}/{DestinationId}";

    public override int GetHashCode() =>
        HashCode.Combine(
            StringComparer.OrdinalIgnoreCase.GetHashCode(ClusterId),
            StringComparer.OrdinalIgnoreCase.GetHashCode(DestinationId),
            Address
        );
}

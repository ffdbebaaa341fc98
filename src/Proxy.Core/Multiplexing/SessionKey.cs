namespace Proxy.Multiplexing;

/// <summary>Identifies the destination of a session; if any part changes, it is another session.</summary>
/// <param name="ClusterId">The id of the cluster.</param>
/// <param name="DestinationId">The id of the destination.</param>
/// <param name="Address">The address of the destination.</param>
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

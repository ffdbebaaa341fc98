namespace Proxy.Diagnostics;

/// <summary>A destination of a cluster. Case is ignored, as in the configuration.</summary>
internal readonly record struct DestinationKey(string ClusterId, string DestinationId)
{
    public bool Equals(DestinationKey other) =>
        ClusterId.Equals(other.ClusterId, StringComparison.OrdinalIgnoreCase)
        && DestinationId.Equals(other.DestinationId, StringComparison.OrdinalIgnoreCase);

    public override int GetHashCode() =>
        HashCode.Combine(
            ClusterId.GetHashCode(StringComparison.OrdinalIgnoreCase),
            DestinationId.GetHashCode(StringComparison.OrdinalIgnoreCase)
        );
}

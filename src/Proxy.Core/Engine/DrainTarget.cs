namespace Proxy.Engine;

/// <summary>What gets no new connections: a destination of a cluster, whose ids are compared without regard to case, or a member of the group.</summary>
/// <param name="ClusterId">The cluster; null for a member.</param>
/// <param name="Id">The id of the destination or of the member.</param>
public sealed record DrainTarget(string? ClusterId, string Id)
{
    private StringComparison Comparison => ClusterId is null ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase;

    /// <inheritdoc />
    public bool Equals(DrainTarget? other) =>
        other is not null
        && string.Equals(ClusterId, other.ClusterId, StringComparison.OrdinalIgnoreCase)
        && Id.Equals(other.Id, Comparison);

    /// <inheritdoc />
    public override int GetHashCode() => HashCode.Combine(ClusterId?.GetHashCode(Comparison), Id.GetHashCode(Comparison));
}

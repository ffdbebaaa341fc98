using System.Collections.ObjectModel;

namespace Proxy.Configuration.Multiplexing;

/// <summary>
/// Recognizes requests that get no reply: those for which any item holds. Lists with equal items are equal, so that an edit elsewhere does not
/// renew connections.
/// </summary>
public sealed class NoReplyWhenList : Collection<NoReplyWhenConfig>, IEquatable<NoReplyWhenList>
{
    /// <summary>Compares items in order.</summary>
    /// <param name="left">A list or null.</param>
    /// <param name="right">A list or null.</param>
    /// <returns>Whether both have equal items or are null.</returns>
    public static bool operator ==(NoReplyWhenList? left, NoReplyWhenList? right)
    {
        return left is null ? right is null : left.Equals(right);
    }

    /// <summary>Compares items in order.</summary>
    /// <param name="left">A list or null.</param>
    /// <param name="right">A list or null.</param>
    /// <returns>Whether an item differs, or one is null.</returns>
    public static bool operator !=(NoReplyWhenList? left, NoReplyWhenList? right)
    {
        return !(left == right);
    }

    /// <inheritdoc/>
    public bool Equals(NoReplyWhenList? other) => other is not null && this.SequenceEqual(other);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as NoReplyWhenList);

    /// <inheritdoc/>
    public override int GetHashCode() => this.Aggregate(0, HashCode.Combine);
}

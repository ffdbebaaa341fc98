using System.Diagnostics.CodeAnalysis;

namespace Proxy.Etcd.Client;

/// <summary>Changes that are made all at once, in one revision, if all conditions hold. No key may be changed twice.</summary>
internal sealed record KeyTransaction
{
    /// <summary>The conditions; none always hold.</summary>
    public IReadOnlyList<KeyCondition> Conditions { get; init; } = [];

    /// <summary>The changes, of which there is at least one.</summary>
    public required IReadOnlyList<KeyOperation> Operations { get; init; }
}

/// <summary>A condition of a transaction.</summary>
[SuppressMessage("Design", "CA1034", Justification = "A closed set reads best in one place.")]
internal abstract record KeyCondition(string Key)
{
    /// <summary>The key does not exist.</summary>
    public sealed record Absent(string Key) : KeyCondition(Key);

    /// <summary>The key exists, and its value is of this revision.</summary>
    public sealed record ModifiedAt(string Key, long Revision) : KeyCondition(Key);

    /// <summary>The key exists, and was created in this revision.</summary>
    public sealed record CreatedAt(string Key, long Revision) : KeyCondition(Key);
}

/// <summary>A change that a transaction makes.</summary>
[SuppressMessage("Design", "CA1034", Justification = "A closed set reads best in one place.")]
internal abstract record KeyOperation(string Key)
{
    /// <summary>Writes a value. A lease of 0 is none: the key stays until it is removed.</summary>
    public sealed record Put(string Key, ReadOnlyMemory<byte> Value, long Lease) : KeyOperation(Key);

    /// <summary>Removes the key; one that does not exist is no error.</summary>
    public sealed record Remove(string Key) : KeyOperation(Key);
}

/// <summary>The result of a transaction.</summary>
/// <param name="Succeeded">Whether the conditions held, so that the changes were made.</param>
/// <param name="Revision">The revision after it; if it succeeded, that of its changes.</param>
internal sealed record KeyResult(bool Succeeded, long Revision);

using System.Diagnostics.CodeAnalysis;

namespace Proxy.Etcd.Client;

/// <summary>An update of the keys under a prefix.</summary>
[SuppressMessage("Design", "CA1034", Justification = "A closed set reads best in one place.")]
internal abstract record KeyUpdate
{
    private KeyUpdate() { }

    /// <summary>All keys: the first update, and again when changes may have been missed. No key is a valid answer.</summary>
    /// <param name="Revision">The revision of this state.</param>
    /// <param name="Keys">The keys, in the order of their names.</param>
    public sealed record Full(long Revision, IReadOnlyList<StoredKey> Keys) : KeyUpdate;

    /// <summary>All changes of one revision.</summary>
    /// <param name="Revision">The revision.</param>
    /// <param name="Changes">The changes, in the order in which they were made.</param>
    public sealed record Changed(long Revision, IReadOnlyList<KeyChange> Changes) : KeyUpdate;

    /// <summary>The engine does not answer, so the keys may be out of date.</summary>
    /// <param name="Reason">Why, as a sentence.</param>
    public sealed record Stale(string Reason) : KeyUpdate;

    /// <summary>The engine answers again; nothing was missed, or a full set comes before this.</summary>
    public sealed record Fresh : KeyUpdate;
}

/// <summary>A change of one key.</summary>
/// <param name="Key">The whole key.</param>
/// <param name="Now">The key as it is now; null if it is gone.</param>
internal sealed record KeyChange(string Key, StoredKey? Now);

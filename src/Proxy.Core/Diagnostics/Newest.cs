using System.Diagnostics.CodeAnalysis;

namespace Proxy.Diagnostics;

/// <summary>A map with a maximum size: when it is exceeded, the oldest entry is removed. Not thread-safe.</summary>
/// <typeparam name="TKey">The type of the keys.</typeparam>
/// <typeparam name="TValue">The type of the values.</typeparam>
/// <param name="most">The maximum number of entries.</param>
/// <param name="comparer">Compares keys; null for the default.</param>
internal sealed class Newest<TKey, TValue>(int most, IEqualityComparer<TKey>? comparer = null)
    where TKey : notnull
{
    private readonly OrderedDictionary<TKey, TValue> _entries = new(comparer);

    /// <summary>The keys, oldest first.</summary>
    public IReadOnlyCollection<TKey> Keys => _entries.Keys;

    /// <summary>The values, oldest first.</summary>
    public IReadOnlyCollection<TValue> Values => _entries.Values;

    /// <summary>Finds an entry.</summary>
    public bool TryGet(TKey key, [MaybeNullWhen(false)] out TValue value) => _entries.TryGetValue(key, out value);

    /// <summary>Adds an entry, or changes an existing one, which keeps its age.</summary>
    public void Set(TKey key, TValue value)
    {
        _entries[key] = value;
        if (_entries.Count > most)
        {
            _entries.RemoveAt(0);
        }
    }

    /// <summary>Removes an entry, if there is one.</summary>
    public void Remove(TKey key) => _entries.Remove(key);
}

using System.Diagnostics.CodeAnalysis;

namespace Proxy.Diagnostics;

/// <summary>A map with a bound: when there are too many entries, the oldest goes. Not thread-safe.</summary>
/// <typeparam name="TKey">The keys.</typeparam>
/// <typeparam name="TValue">The values.</typeparam>
/// <param name="most">How many entries there may be.</param>
/// <param name="comparer">Compares keys.</param>
internal sealed class Newest<TKey, TValue>(int most, IEqualityComparer<TKey>? comparer = null)
    where TKey : notnull
{
    private readonly OrderedDictionary<TKey, TValue> _entries = new(comparer);

    /// <summary>The keys, the oldest first.</summary>
    public IReadOnlyCollection<TKey> Keys => _entries.Keys;

    /// <summary>The values, the oldest first.</summary>
    public IReadOnlyCollection<TValue> Values => _entries.Values;

    /// <summary>Finds an entry.</summary>
    public bool TryGet(TKey key, [MaybeNullWhen(false)] out TValue value) => _entries.TryGetValue(key, out value);

    /// <summary>Adds an entry, or changes the one there is, which keeps its age.</summary>
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

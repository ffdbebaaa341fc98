using System.Diagnostics.CodeAnalysis;
using Proxy.Etcd.Client;

namespace Proxy.Etcd.Locking;

/// <summary>
/// The keys of one lock as this host has seen them, in the order of their creation. A view that is behind is a safe one: keys that vanish since only move those
/// behind them forward. Guarded by the lock of its owner.
/// </summary>
/// <param name="prefix">The beginning of the keys.</param>
internal sealed class LockView(string prefix)
{
    private readonly PlaceOrder _order = new();
    private readonly HashSet<KeyPlace> _served = [];
    private readonly Dictionary<string, KeyPlace> _places = new(StringComparer.Ordinal);

    /// <summary>The key that is written together with each release, so that others tell it from a permit that was lost.</summary>
    public string Marker { get; } = $"{prefix}released";

    /// <summary>The newest revision that was seen; 0 before all keys were.</summary>
    public long Revision { get; set; }

    /// <summary>The revision at which all keys were seen last.</summary>
    public long ListedAt { get; set; }

    /// <summary>The number of keys.</summary>
    public int Count => _places.Count;

    /// <summary>The number of clients that are served whatever their place.</summary>
    public int Served => _served.Count;

    /// <summary>Whether a key is that of a client, and not the marker or a key of a route whose id begins like this one's.</summary>
    public bool IsClient(string key) => key != Marker && key.Length > prefix.Length && key.AsSpan(prefix.Length).IndexOf('/') < 0;

    public bool TryFind(string key, [NotNullWhen(true)] out KeyPlace? place) => _places.TryGetValue(key, out place);

    /// <summary>The number of clients that come before one.</summary>
    public int RankOf(KeyPlace place) => _served.Contains(place) ? 0 : _served.Count + _order.RankOf(place);

    /// <summary>Adds a key that was created after all others.</summary>
    public KeyPlace Add(StoredKey stored)
    {
        var place = new KeyPlace(stored.Key, stored.CreateRevision, LockRecord.Parse(stored.Value));
        _places.Add(place.Key, place);
        if (place.Record.Served)
        {
            _served.Add(place);
        }
        else
        {
            _order.Add(place);
        }

        return place;
    }

    public void Remove(KeyPlace place)
    {
        _places.Remove(place.Key);
        if (!_served.Remove(place))
        {
            _order.Remove(place);
        }
    }

    /// <summary>The keys which come first, those of served clients before all others.</summary>
    public IEnumerable<KeyPlace> First(int count) => _served.Concat(_order.All()).Take(count);

    /// <summary>All keys.</summary>
    public IReadOnlyList<KeyPlace> All() => [.. _places.Values];
}

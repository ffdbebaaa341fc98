namespace Proxy.Etcd.Locking;

/// <summary>
/// Places in the order in which they were added, with the rank of each. All operations take logarithmic time, counted over many: a sum tree over slots
/// says how many places before a slot are taken.
/// </summary>
internal sealed class PlaceOrder
{
    private const int Smallest = 64;
    private KeyPlace?[] _slots = new KeyPlace?[Smallest];
    private int[] _sums = new int[Smallest + 1];
    private int _first; // no slot before it is taken
    private int _end; // no slot from it on is taken

    /// <summary>The number of places.</summary>
    public int Count { get; private set; }

    /// <summary>Adds a place behind all others.</summary>
    public void Add(KeyPlace place)
    {
        if (_end == _slots.Length)
        {
            Rebuild();
        }

        Put(place);
    }

    public void Remove(KeyPlace place)
    {
        _slots[place.Slot] = null;
        Count--;
        Sum(place.Slot, -1);
        while (_first < _end && _slots[_first] is null)
        {
            _first++;
        }
    }

    /// <summary>The number of places before one.</summary>
    public int RankOf(KeyPlace place)
    {
        var rank = 0;
        for (var index = place.Slot; index > 0; index -= index & -index)
        {
            rank += _sums[index];
        }

        return rank;
    }

    /// <summary>The places in order.</summary>
    public IEnumerable<KeyPlace> All()
    {
        for (var slot = _first; slot < _end; slot++)
        {
            if (_slots[slot] is { } place)
            {
                yield return place;
            }
        }
    }

    // Moves all places together, and leaves as much room as they take.
    private void Rebuild()
    {
        var places = All().ToList();
        var size = Math.Max(Smallest, (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)places.Count * 2));
        (_slots, _sums) = (new KeyPlace?[size], new int[size + 1]);
        (_first, _end, Count) = (0, 0, 0);
        places.ForEach(Put);
    }

    private void Put(KeyPlace place)
    {
        place.Slot = _end++;
        _slots[place.Slot] = place;
        Count++;
        Sum(place.Slot, 1);
    }

    private void Sum(int slot, int change)
    {
        for (var index = slot + 1; index < _sums.Length; index += index & -index)
        {
            _sums[index] += change;
        }
    }
}

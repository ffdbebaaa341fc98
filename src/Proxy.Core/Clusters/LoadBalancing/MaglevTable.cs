using System.IO.Hashing;
using System.Runtime.CompilerServices;
using System.Text;
using Yarp.ReverseProxy.Model;

namespace Proxy.Clusters.LoadBalancing;

/// <summary>
/// The look-up table of Maglev hashing (Eisenbud et al., NSDI 2016): each destination fills places in an order of its own, in proportion to its weight.
/// It depends on ids and weights alone, so that every proxy with the same configuration has the same one. Immutable.
/// </summary>
internal sealed class MaglevTable
{
    /// <summary>The number of places, a prime.</summary>
    public const int Size = 65_537;

    private readonly DestinationState[] _states;
    private readonly int[] _places = new int[Size];

    /// <param name="all">The destinations.</param>
    public MaglevTable(DestinationWeights all)
    {
        _states =
        [
            .. all
                .States.Where(state => all.Of(state) > 0)
                .OrderByDescending(all.Of)
                .ThenBy(static state => state.DestinationId, StringComparer.OrdinalIgnoreCase),
        ];
        Array.Fill(_places, -1);
        if (_states.Length > 0)
        {
            Fill([.. _states.Select(all.Of)]);
        }
    }

    /// <summary>The number of places of each destination.</summary>
    public IReadOnlyDictionary<string, int> Shares =>
        _states.Select((state, i) => (state.DestinationId, Count: _places.Count(place => place == i))).ToDictionary();

    /// <summary>Finds the destination for a key: that of its place, or of the next place whose destination may be chosen.</summary>
    /// <param name="key">The key.</param>
    /// <param name="mayBe">Whether a destination may be chosen.</param>
    /// <returns>The destination; null if none may be chosen.</returns>
    public DestinationState? Find(string key, Predicate<DestinationState> mayBe)
    {
        var start = (int)(Hash(key, 0) % Size);
        var refused = new HashSet<int>();
        for (var i = 0; i < Size && refused.Count < _states.Length; i++)
        {
            var place = _places[(start + i) % Size];
            if (!refused.Contains(place))
            {
                if (mayBe(_states[place]))
                {
                    return _states[place];
                }

                refused.Add(place);
            }
        }

        return null;
    }

    // The heaviest ones take a place in each round, others in as many as their weight says, so that those of one weight do so in the same rounds. Compiled
    // for speed at once, since it runs seldom and connections wait for it.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Fill(int[] weights)
    {
        var orders = _states.Select(static state => new Order(state.DestinationId.ToUpperInvariant())).ToArray();
        var groups = weights
            .Index()
            .GroupBy(static one => one.Item)
            .Select(static group => (group.First().Index, Count: group.Count()))
            .ToArray();
        var due = new double[groups.Length];
        for (var filled = 0; ; )
        {
            for (var group = 0; group < groups.Length; group++)
            {
                var (first, count) = groups[group];
                due[group] += (double)weights[first] / weights[0];
                if (due[group] < 1)
                {
                    continue;
                }

                due[group]--;
                for (var i = first; i < first + count; i++)
                {
                    int place;
                    do
                    {
                        place = orders[i].Next();
                    } while (_places[place] >= 0);

                    _places[place] = i;
                    if (++filled == Size)
                    {
                        return;
                    }
                }
            }
        }
    }

    private static ulong Hash(string text, long seed) => XxHash64.HashToUInt64(Encoding.UTF8.GetBytes(text), seed);

    /// <summary>The order in which a destination takes places: all of them, since their number is a prime.</summary>
    private sealed class Order(string id)
    {
        private readonly int _skip = (int)(Hash(id, 2) % (Size - 1)) + 1;
        private int _next = (int)(Hash(id, 1) % Size);

        public int Next()
        {
            var place = _next;
            _next = (_next + _skip) % Size;
            return place;
        }
    }
}

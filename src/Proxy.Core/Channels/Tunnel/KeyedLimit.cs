namespace Proxy.Channels.Tunnel;

/// <summary>Counts open items by key, and refuses those above the limit of one key or of all keys together.</summary>
/// <typeparam name="TKey">The key: a peer's name or an address.</typeparam>
/// <param name="each">The limit of one key.</param>
/// <param name="all">The limit of all keys together.</param>
internal sealed class KeyedLimit<TKey>(int each, int all = int.MaxValue)
    where TKey : notnull
{
    private readonly Lock _gate = new(); // guards the fields below
    private readonly Dictionary<TKey, int> _open = [];
    private int _all;

    /// <summary>Counts one more item. False, without counting, if a limit is reached.</summary>
    public bool TryEnter(TKey key)
    {
        lock (_gate)
        {
            var count = _open.GetValueOrDefault(key);
            if (_all >= all || count >= each)
            {
                return false;
            }

            _open[key] = count + 1;
            _all++;
            return true;
        }
    }

    /// <summary>Counts one item less, for one that had entered.</summary>
    public void Leave(TKey key)
    {
        lock (_gate)
        {
            _all--;
            if (--_open[key] == 0)
            {
                _open.Remove(key);
            }
        }
    }
}

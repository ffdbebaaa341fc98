namespace Proxy.Channels.Tunnel;

/// <summary>Counts what is open by key, and refuses what is more than one key, or all together, may have.</summary>
/// <typeparam name="TKey">What is counted by: a peer's name, an address.</typeparam>
/// <param name="each">How many one key may have.</param>
/// <param name="all">How many all together may have.</param>
internal sealed class KeyedLimit<TKey>(int each, int all = int.MaxValue)
    where TKey : notnull
{
    private readonly Lock _gate = new(); // guards the fields below
    private readonly Dictionary<TKey, int> _open = [];
    private int _all;

    /// <summary>Counts one more; false, and nothing is counted, when there is no place for it.</summary>
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

    /// <summary>Counts one less, which had entered.</summary>
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

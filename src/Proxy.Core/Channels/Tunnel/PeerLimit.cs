using System.Collections.Concurrent;

namespace Proxy.Channels.Tunnel;

/// <summary>Counts what each peer has open, and lets it have so many.</summary>
internal sealed class PeerLimit(int most)
{
    private readonly ConcurrentDictionary<string, int> _open = new(StringComparer.Ordinal);

    /// <summary>Counts one more; false when the peer has its share.</summary>
    public bool TryEnter(string peer)
    {
        if (_open.AddOrUpdate(peer, 1, static (_, count) => count + 1) <= most)
        {
            return true;
        }

        Leave(peer);
        return false;
    }

    public void Leave(string peer)
    {
        if (_open.AddOrUpdate(peer, 0, static (_, count) => count - 1) == 0)
        {
            _open.TryRemove(KeyValuePair.Create(peer, 0));
        }
    }
}

using Proxy.Diagnostics;

namespace Proxy.Channels.Tunnel;

/// <summary>
/// Limits log lines about a peer's failures: the first is logged, a different one after a while, the same one much later. Peers must not be
/// able to fill a log.
/// </summary>
internal sealed class TroubleFilter(TimeProvider time)
{
    private const int MostPeers = 1024;
    private static readonly TimeSpan _another = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan _same = TimeSpan.FromMinutes(10);

    private readonly Lock _gate = new(); // guards _logged
    private readonly Newest<string, (string Trouble, long At)> _logged = new(MostPeers, StringComparer.Ordinal);

    /// <summary>Whether a failure is to be logged; if so, it counts as logged.</summary>
    public bool IsNews(string peer, string trouble)
    {
        lock (_gate)
        {
            if (_logged.TryGet(peer, out var last) && time.GetElapsedTime(last.At) < (last.Trouble == trouble ? _same : _another))
            {
                return false;
            }

            _logged.Set(peer, (trouble, time.GetTimestamp()));
            return true;
        }
    }

    /// <summary>Forgets the failures of a peer, after a success.</summary>
    public void Forget(string peer)
    {
        lock (_gate)
        {
            _logged.Remove(peer);
        }
    }
}

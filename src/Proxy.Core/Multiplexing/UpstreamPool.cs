using Proxy.Configuration.Multiplexing;

namespace Proxy.Multiplexing;

/// <summary>The upstream connections of a session. Guarded by the session's lock.</summary>
internal sealed class UpstreamPool
{
    private readonly List<UpstreamConnection> _all = [];

    public IReadOnlyList<UpstreamConnection> All => _all;

    public int Count => _all.Count;

    /// <summary>The number of connections that are being dialed and will take requests.</summary>
    public int Unready
    {
        get
        {
            var count = 0;
            foreach (var connection in _all)
            {
                count += connection is { IsRetired: false, State: UpstreamState.Connecting } ? 1 : 0;
            }

            return count;
        }
    }

    /// <summary>Whether there is a connection, or a dial, that requests can wait for.</summary>
    public bool IsAlive => _all.Exists(static connection => connection.State is not (UpstreamState.Closing or UpstreamState.Closed));

    public void Add(UpstreamConnection connection) => _all.Add(connection);

    public void Remove(UpstreamConnection connection) => _all.Remove(connection);

    /// <summary>The connection with the fewest requests that can take another one; null if there is none.</summary>
    public UpstreamConnection? FindFree()
    {
        UpstreamConnection? best = null;
        foreach (var connection in _all)
        {
            if (
                connection is { State: UpstreamState.Ready, IsWriting: false, IsRetired: false, IsGivenUp: false, IsSpent: false }
                && connection.InFlight.Count < connection.Settings.Multiplex.MaxInFlight
                && connection.InFlight.Count < (best?.InFlight.Count ?? int.MaxValue)
            )
            {
                best = connection;
            }
        }

        return best;
    }

    /// <summary>A connection that is to be closed and has nothing left to do; null if there is none.</summary>
    public UpstreamConnection? FindDone()
    {
        foreach (var connection in _all)
        {
            if (
                connection is { IsRetired: true, IsGivenUp: false, IsWriting: false, InFlight.Count: 0 }
                && connection.State is not (UpstreamState.Closing or UpstreamState.Closed)
            )
            {
                return connection;
            }
        }

        return null;
    }

    public void RetireAll() => _all.ForEach(static connection => connection.IsRetired = true);

    /// <summary>Retires connections that have reached their maximum age.</summary>
    public void RetireOld(long now)
    {
        foreach (var connection in _all)
        {
            var age = connection.Settings.Multiplex.MaxAge;
            connection.IsRetired |= age >= TimeSpan.Zero && connection.IsOpen && now - connection.ConnectedAt >= age.TotalMilliseconds;
        }
    }

    /// <summary>Whether there is to be a connection although no request waits.</summary>
    public static bool IsWanted(UpstreamSettings settings, bool hasClients, bool isRetired) =>
        !isRetired
        && settings.Multiplex.Connect switch
        {
            MultiplexConnect.Always => true,
            MultiplexConnect.OnClient => hasClients,
            _ => false,
        };
}

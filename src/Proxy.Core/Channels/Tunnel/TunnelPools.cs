using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Proxy.Diagnostics;

namespace Proxy.Channels.Tunnel;

/// <summary>
/// The names of connection pools. Each instance at each address has pools of its own. Their names are not resolvable; each stands for the
/// address and for the certificate that the instance has to present.
/// </summary>
/// <param name="connectionsPerPeer">The number of pools over which the tunnels to one instance are spread.</param>
internal sealed class TunnelPools(int connectionsPerPeer)
{
    private const string PseudoDomain = ".channels.invalid";
    private const int PlaceBytes = 16;
    private const int MostPools = 10_000; // reached only if very many instances come and go

    private readonly Lock _gate = new(); // guards _peers and _proven
    private readonly Newest<string, TunnelEndPoint> _peers = new(MostPools, StringComparer.OrdinalIgnoreCase);

    // By pool, if no instance was expected.
    private readonly Newest<string, string> _proven = new(MostPools, StringComparer.OrdinalIgnoreCase);
    private uint _next;

    /// <summary>The name of the pool for the next stream to an end point.</summary>
    public string For(TunnelEndPoint peer)
    {
        var pool = Name(peer);
        lock (_gate)
        {
            _peers.Set(pool, peer);
        }

        return pool;
    }

    /// <summary>The end point that a pool name stands for; null for an unknown name.</summary>
    public TunnelEndPoint? Find(string pool)
    {
        lock (_gate)
        {
            return _peers.TryGet(pool, out var peer) ? peer : null;
        }
    }

    /// <summary>Records the instance that a certificate has proven. False if another one was expected.</summary>
    public bool Prove(string pool, TunnelEndPoint peer, string instance)
    {
        if (peer.Instance is { } expected)
        {
            return expected == instance;
        }

        lock (_gate)
        {
            _proven.Set(pool, instance);
        }

        return true;
    }

    /// <summary>Whether the instance at an end point has proven this id.</summary>
    public bool IsProven(TunnelEndPoint peer, string instance)
    {
        if (peer.Instance is { } expected)
        {
            return expected == instance;
        }

        lock (_gate)
        {
            return _proven.TryGet(Name(peer), out var proven) && proven == instance;
        }
    }

    // If the id is unknown there is one connection only, so that an address cannot prove two ids.
    private string Name(TunnelEndPoint peer)
    {
        if (peer.Instance is null)
        {
            var address = $"{peer.Address.Host}-{peer.Address.Port}".Replace('.', '-').Replace(':', '-').Replace('%', '-');
            return $"{address}.any{PseudoDomain}";
        }

        var pool = Interlocked.Increment(ref _next) % (uint)connectionsPerPeer;
        return string.Create(CultureInfo.InvariantCulture, $"{peer.Instance}.{Place(peer)}.{pool}{PseudoDomain}");
    }

    // An instance that has moved gets a new pool, even if connections to its old address are alive. A hash, since host names ignore case
    // and ids do not.
    private static string Place(TunnelEndPoint peer)
    {
        var place = string.Create(CultureInfo.InvariantCulture, $"{peer.Instance}/{peer.Address.Host}:{peer.Address.Port}");
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(place)).AsSpan(0, PlaceBytes));
    }
}

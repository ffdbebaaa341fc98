using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Proxy.Diagnostics;

namespace Proxy.Channels.Tunnel;

/// <summary>
/// Names of connection pools. Each instance at each address has pools of its own under names that no resolver knows, which stand for
/// that address and for the certificate it has to show.
/// </summary>
/// <param name="connectionsPerPeer">The pools that the tunnels to one instance are spread over.</param>
internal sealed class TunnelPools(int connectionsPerPeer)
{
    private const string PseudoDomain = ".channels.invalid";
    private const int PlaceBytes = 16;
    private const int MostPools = 10_000; // only very many instances that come and go reach it

    private readonly Lock _gate = new(); // guards _peers and _proven
    private readonly Newest<string, TunnelEndPoint> _peers = new(MostPools, StringComparer.OrdinalIgnoreCase);
    private readonly Newest<string, string> _proven = new(MostPools, StringComparer.OrdinalIgnoreCase); // by pool, where no instance was expected
    private uint _next;

    /// <summary>The pool for the next stream to an end point.</summary>
    public string For(TunnelEndPoint peer)
    {
        var pool = Name(peer);
        lock (_gate)
        {
            _peers.Set(pool, peer);
        }

        return pool;
    }

    /// <summary>The end point that a pool stands for; null for one that was not given out.</summary>
    public TunnelEndPoint? Find(string pool)
    {
        lock (_gate)
        {
            return _peers.TryGet(pool, out var peer) ? peer : null;
        }
    }

    /// <summary>Notes which instance a certificate has proven; false when another one was expected.</summary>
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

    /// <summary>Whether what is behind an end point has proven to be this instance.</summary>
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

    // An unknown instance has one connection, so that it cannot prove to be two.
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

    // One that has moved is dialled where it is now, though connections to where it was may live. A host has no case, and an id has.
    private static string Place(TunnelEndPoint peer)
    {
        var place = string.Create(CultureInfo.InvariantCulture, $"{peer.Instance}/{peer.Address.Host}:{peer.Address.Port}");
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(place)).AsSpan(0, PlaceBytes));
    }
}

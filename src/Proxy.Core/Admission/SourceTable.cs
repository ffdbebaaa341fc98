using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Proxy.Admission;

/// <summary>
/// The sources that are known. Bounded: one without connections is forgotten a second after its last use, when its bucket is full again, and as long as
/// nothing can be forgotten, all further sources are one. Guarded by the limiter.
/// </summary>
/// <param name="prefixV6">The length of the prefix by which addresses of IPv6 are one source.</param>
/// <param name="most">The largest number of sources.</param>
internal sealed class SourceTable(int prefixV6, int most = SourceTable.Most)
{
    /// <summary>The largest number of sources.</summary>
    public const int Most = 100_000;

    private const double Refill = 1; // the seconds in which a bucket is full again
    private const int ForgottenPerNewOne = 2; // so that the table gets smaller
    private const int ForgottenPerSweep = 1_000; // takes a tenth of a millisecond, during which clients of the route wait
    private const int SmallestTrimmed = 1_000;

    private readonly Dictionary<UInt128, Source> _sources = [];
    private readonly LinkedList<Source> _idle = []; // by last use

    /// <summary>Those for which there is no room.</summary>
    public Source Others { get; } = new(0);

    // Clients without an address, such as those of unix sockets. It is not in the table: every key may be one of IPv6.
    private readonly Source _withoutAddress = new(0);

    /// <summary>The number of sources.</summary>
    public int Count => _sources.Count;

    /// <summary>The number of sources for which there is memory.</summary>
    public int Capacity => _sources.Capacity;

    /// <summary>The source of a client.</summary>
    /// <param name="client">Its address; null for one without: such clients are one source.</param>
    /// <param name="now">The time in seconds.</param>
    public Source Find(IPAddress? client, double now)
    {
        if (client is null)
        {
            return _withoutAddress;
        }

        var key = KeyOf(client, prefixV6);
        if (!_sources.TryGetValue(key, out var source))
        {
            Forget(ForgottenPerNewOne, now);
            if (_sources.Count >= most)
            {
                return Others;
            }

            source = new(key);
            _sources.Add(key, source);
        }

        Use(source, now);
        return source;
    }

    /// <summary>Counts an open connection of a source.</summary>
    public void Enter(Source source)
    {
        source.Count++;
        if (source.Idle is { } idle)
        {
            _idle.Remove(idle);
            source.Idle = null;
        }
    }

    /// <summary>Counts off a connection that has ended.</summary>
    public void Leave(Source source, double now)
    {
        source.Count--;
        Use(source, now);
    }

    /// <summary>Forgets some of those that have been idle.</summary>
    /// <returns>Whether there are more of them.</returns>
    public bool ForgetIdle(double now)
    {
        Forget(ForgottenPerSweep, now);
        return _idle.First is { Value: var oldest } && IsForgettable(oldest, now);
    }

    // Those without connections stand at the end after each use.
    private void Use(Source source, double now)
    {
        source.LastUse = now;
        if (source.Count > 0 || source == Others || source == _withoutAddress)
        {
            return;
        }

        if (source.Idle is { } idle)
        {
            _idle.Remove(idle);
            _idle.AddLast(idle);
        }
        else
        {
            source.Idle = _idle.AddLast(source);
        }
    }

    private static bool IsForgettable(Source source, double now) => source.LastUse + Refill <= now;

    private void Forget(int most, double now)
    {
        for (var i = 0; i < most && _idle.First is { Value: var oldest } && IsForgettable(oldest, now); i++)
        {
            _idle.RemoveFirst();
            _sources.Remove(oldest.Key);
        }

        // The memory of what a flood had filled is given back: an eighth of it is more than what is left.
        if (_sources.Capacity > SmallestTrimmed && _sources.Count < _sources.Capacity / 8)
        {
            _sources.TrimExcess(_sources.Count * 2);
        }
    }

    /// <summary>The key of a client's source: addresses of IPv4 have a place of their own within the numbers of IPv6, which no client has.</summary>
    public static UInt128 KeyOf(IPAddress? client, int prefixV6)
    {
        if (client is null)
        {
            return 0;
        }

        Span<byte> bytes = stackalloc byte[16];
        client.TryWriteBytes(bytes, out _);
        return client.AddressFamily is AddressFamily.InterNetwork
                ? new UInt128(0, 0xFFFF_0000_0000UL | BinaryPrimitives.ReadUInt32BigEndian(bytes))
            : BinaryPrimitives.ReadUInt128BigEndian(bytes) is var all && client.IsIPv4MappedToIPv6 ? all
            : all >> (128 - prefixV6) << (128 - prefixV6);
    }
}

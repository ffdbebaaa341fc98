using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Proxy.Configuration.Networks;

/// <summary>
/// Values by IP network. A look-up costs one probe of a hash table for each prefix length in use, at most 33 for IPv4 and 129 for IPv6,
/// however many networks there are. Not safe for use by several threads while values are added.
/// </summary>
/// <typeparam name="T">What belongs to a network. Of several values for one network the least is kept.</typeparam>
internal sealed class NetworkTable<T>
    where T : struct, IComparable<T>
{
    /// <summary>The largest number of networks that contain one address.</summary>
    public const int MostFound = 129;

    private readonly Dictionary<UInt128, T>?[] _four = new Dictionary<UInt128, T>?[33];
    private readonly Dictionary<UInt128, T>?[] _six = new Dictionary<UInt128, T>?[129];

    /// <summary>Adds a network. The value stays the least of those that were added for it.</summary>
    /// <param name="network">The network.</param>
    /// <param name="value">Its value.</param>
    public void Add(IPNetwork network, T value)
    {
        var (tables, bits, length) = Place(network.BaseAddress);
        var table = tables[network.PrefixLength] ??= [];
        var key = Mask(bits, network.PrefixLength, length);
        if (!table.TryGetValue(key, out var present) || value.CompareTo(present) < 0)
        {
            table[key] = value;
        }
    }

    /// <summary>Finds the least value of the networks that contain an address.</summary>
    /// <param name="address">An IPv4 or IPv6 address.</param>
    /// <returns>The value, or null when no network contains the address.</returns>
    public T? Find(IPAddress address) => Find(address, int.MaxValue);

    /// <summary>Finds the least value of the networks that contain a network as a whole.</summary>
    /// <param name="network">The network.</param>
    /// <returns>The value, or null when no network contains it.</returns>
    public T? FindCover(IPNetwork network) => Find(network.BaseAddress, network.PrefixLength);

    /// <summary>Finds the values of all networks that contain an address, from the widest to the narrowest.</summary>
    /// <param name="address">An IPv4 or IPv6 address.</param>
    /// <param name="values">Receives the values; room for <see cref="MostFound"/> is enough.</param>
    /// <returns>The number of values.</returns>
    public int FindAll(IPAddress address, Span<T> values)
    {
        var (tables, bits, length) = Place(address);
        var count = 0;
        for (var prefix = 0; prefix <= length; prefix++)
        {
            if (tables[prefix] is { } table && table.TryGetValue(Mask(bits, prefix, length), out var value))
            {
                values[count++] = value;
            }
        }

        return count;
    }

    private T? Find(IPAddress address, int longest)
    {
        var (tables, bits, length) = Place(address);
        T? least = null;
        for (var prefix = 0; prefix <= Math.Min(longest, length); prefix++)
        {
            if (
                tables[prefix] is { } table
                && table.TryGetValue(Mask(bits, prefix, length), out var value)
                && (least is not { } found || value.CompareTo(found) < 0)
            )
            {
                least = value;
            }
        }

        return least;
    }

    private (Dictionary<UInt128, T>?[] Tables, UInt128 Bits, int Length) Place(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        return address.AddressFamily is AddressFamily.InterNetwork
            ? (_four, BinaryPrimitives.ReadUInt32BigEndian(bytes), 32)
            : (_six, BinaryPrimitives.ReadUInt128BigEndian(bytes), 128);
    }

    // A shift by the whole width would shift by none.
    private static UInt128 Mask(UInt128 bits, int prefix, int length) => prefix == 0 ? 0 : bits >> (length - prefix);
}

using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Proxy.Native;

/// <summary>Converts between the kernel's socket addresses and .NET's end points.</summary>
internal static class NativeAddress
{
    /// <summary>The greatest length in bytes of an address of the supported families, rounded up.</summary>
    public const int MaxLength = 128;

    private const int FamilyLength = 2;
    private const int V4Length = 16;
    private const int Inet6AddressOffset = 8;
    private const int Inet6ScopeOffset = 24;

    /// <summary>Writes an IP or unix end point in the kernel's format.</summary>
    /// <returns>The length in bytes.</returns>
    public static int Write(EndPoint endPoint, Span<byte> address)
    {
        if (endPoint is IPEndPoint { AddressFamily: AddressFamily.InterNetwork } v4)
        {
            // As below, without an object.
            address[..V4Length].Clear();
            BitConverter.TryWriteBytes(address, (ushort)Libc.AfInet);
            BinaryPrimitives.WriteUInt16BigEndian(address[FamilyLength..], (ushort)v4.Port);
            v4.Address.TryWriteBytes(address[4..], out _);
            return V4Length;
        }

        var serialized = endPoint.Serialize(); // in the layout of this platform
        serialized.Buffer.Span[..serialized.Size].CopyTo(address);
        return serialized.Size;
    }

    /// <summary>
    /// Reads an address in the kernel's format; IPv4-mapped addresses are converted to IPv4. Null for unix peers without a name, or with one that .NET does not
    /// take: as long as the kernel allows, or with bytes that are no UTF-8.
    /// </summary>
    public static EndPoint? Read(ReadOnlySpan<byte> address)
    {
        if (address.Length < FamilyLength)
        {
            return null;
        }

        return (int)BitConverter.ToUInt16(address) switch
        {
            Libc.AfInet => new IPEndPoint(new IPAddress(address[4..8]), BinaryPrimitives.ReadUInt16BigEndian(address[2..])),
            Libc.AfInet6 => Inet6(address),
            Libc.AfUnix when address.Length > FamilyLength => Unix(address[FamilyLength..]),
            _ => null,
        };
    }

    private static IPEndPoint Inet6(ReadOnlySpan<byte> address)
    {
        var ip = new IPAddress(address[Inet6AddressOffset..Inet6ScopeOffset], BitConverter.ToUInt32(address[Inet6ScopeOffset..]));
        return new IPEndPoint(ip.IsIPv4MappedToIPv6 ? ip.MapToIPv4() : ip, BinaryPrimitives.ReadUInt16BigEndian(address[2..]));
    }

    private static UnixDomainSocketEndPoint? Unix(ReadOnlySpan<byte> path)
    {
        // An abstract name begins with a zero byte, and .NET takes it whole; other names end with a zero byte.
        var end = path[0] == 0 ? -1 : path.IndexOf((byte)0);
        var text = System.Text.Encoding.UTF8.GetString(end < 0 ? path : path[..end]);
        try
        {
            return text.Length == 0 ? null : new UnixDomainSocketEndPoint(text);
        }
        catch (ArgumentOutOfRangeException)
        {
            return null; // the peer has chosen its name, and must not make accepting fail
        }
    }
}

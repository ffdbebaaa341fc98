using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Proxy.Configuration.Clusters;

namespace Proxy.ProxyProtocol;

/// <summary>Writes the headers that destinations are sent.</summary>
internal static class ProxyHeaderWriter
{
    private const int TlvHead = 3;

    /// <summary>Writes a header.</summary>
    /// <param name="version">The version; not <see cref="ProxyProtocolVersion.None"/>.</param>
    /// <param name="origin">The client; null if the connection is the proxy's own, as of a probe, or is shared by clients.</param>
    public static byte[] Write(ProxyProtocolVersion version, in ProxyOrigin? origin) =>
        version == ProxyProtocolVersion.V1 ? WriteV1(origin) : WriteV2(origin);

    private static byte[] WriteV1(in ProxyOrigin? origin)
    {
        if (Addresses(origin) is not var (source, destination))
        {
            return "PROXY UNKNOWN\r\n"u8.ToArray();
        }

        var family = source.AddressFamily == AddressFamily.InterNetwork ? "TCP4" : "TCP6";
        return Encoding.ASCII.GetBytes(
            string.Create(
                CultureInfo.InvariantCulture,
                $"PROXY {family} {source.Address} {destination.Address} {source.Port} {destination.Port}\r\n"
            )
        );
    }

    private static byte[] WriteV2(in ProxyOrigin? origin)
    {
        var header = new List<byte>(128);
        header.AddRange(HeaderV2.Signature);
        if (Addresses(origin) is not var (source, destination))
        {
            header.AddRange([HeaderV2.Local, 0, 0, 0]);
            return [.. header];
        }

        header.AddRange([HeaderV2.Proxied, source.AddressFamily == AddressFamily.InterNetwork ? HeaderV2.Tcp4 : HeaderV2.Tcp6, 0, 0]);
        header.AddRange(source.Address.GetAddressBytes());
        header.AddRange(destination.Address.GetAddressBytes());
        header.AddRange([(byte)(source.Port >> 8), (byte)source.Port, (byte)(destination.Port >> 8), (byte)destination.Port]);
        AddOwn(header, TlvType.Alpn, origin!.Value.Alpn is { } alpn ? Encoding.Latin1.GetBytes(alpn) : [], origin.Value.Passed);
        AddOwn(header, TlvType.Authority, Encoding.ASCII.GetBytes(origin.Value.ServerName ?? ""), origin.Value.Passed);
        AddOwn(header, TlvType.UniqueId, Encoding.ASCII.GetBytes(origin.Value.ConnectionId), origin.Value.Passed);
        AddOwn(header, TlvType.Tls, origin.Value.Tls is { } tls ? TlsBlock.Write(tls) : [], origin.Value.Passed);
        foreach (var tlv in origin.Value.Passed)
        {
            AddTlv(header, tlv.Type, tlv.Value.Span);
        }

        var bytes = header.ToArray();
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(HeaderV2.Fixed - sizeof(ushort)), (ushort)(bytes.Length - HeaderV2.Fixed));
        return bytes;
    }

    private static void AddOwn(List<byte> header, byte type, byte[] value, IReadOnlyList<ProxyTlv> passed)
    {
        if (value.Length > 0 && passed.All(tlv => tlv.Type != type))
        {
            AddTlv(header, type, value);
        }
    }

    // A value that does not fit is left out as a whole: the length of the header is that of what follows.
    private static void AddTlv(List<byte> header, byte type, ReadOnlySpan<byte> value)
    {
        if (header.Count - HeaderV2.Fixed + TlvHead + value.Length <= ushort.MaxValue)
        {
            header.AddRange([type, (byte)(value.Length >> 8), (byte)value.Length]);
            header.AddRange(value);
        }
    }

    // Both addresses in one family; null for clients that have none, such as those on unix sockets.
    private static (IPEndPoint Source, IPEndPoint Destination)? Addresses(in ProxyOrigin? origin)
    {
        if (origin is not { Client: IPEndPoint client, Local: IPEndPoint local })
        {
            return null;
        }

        var isFour = (client.AddressFamily, local.AddressFamily) is (AddressFamily.InterNetwork, AddressFamily.InterNetwork);
        return (InFamily(client, isFour), InFamily(local, isFour));
    }

    // A zone has a meaning on this host only.
    private static IPEndPoint InFamily(IPEndPoint endPoint, bool isFour) =>
        isFour ? endPoint : new(new IPAddress(endPoint.Address.MapToIPv6().GetAddressBytes()), endPoint.Port);
}

using System.Buffers;
using System.Buffers.Binary;

namespace Proxy.Multiplexing.Memcached;

/// <summary>The error by which a client of the binary protocol is told that it is not spoken here.</summary>
internal static class BinaryRefusal
{
    public const int HeaderSize = 24;
    private const ushort NotSupported = 0x0083;
    private const int Opaque = 12;

    /// <summary>The first byte of a binary request.</summary>
    public static ReadOnlySpan<byte> Magic => [0x80];

    private static ReadOnlySpan<byte> Text => "Not supported: this is a shared connection of the text protocol"u8;

    public static bool IsBinary(ReadOnlySpan<byte> request) => request.StartsWith(Magic);

    public static void Write(ReadOnlySpan<byte> request, IBufferWriter<byte> writer)
    {
        Span<byte> header = stackalloc byte[HeaderSize];
        header.Clear();
        header[0] = 0x81;
        header[1] = request.Length > 1 ? request[1] : (byte)0; // the operation
        BinaryPrimitives.WriteUInt16BigEndian(header[6..], NotSupported);
        BinaryPrimitives.WriteInt32BigEndian(header[8..], Text.Length);
        if (request.Length >= HeaderSize)
        {
            request.Slice(Opaque, sizeof(uint)).CopyTo(header[Opaque..]);
        }

        writer.Write(header);
        writer.Write(Text);
    }
}

using System.Buffers.Binary;

namespace Proxy.ProxyProtocol;

/// <summary>Reads values one after the other.</summary>
internal static class TlvReader
{
    /// <summary>The bytes before a value: its type and its length.</summary>
    public const int Header = 3;

    /// <summary>Reads values.</summary>
    /// <param name="bytes">The bytes, which the values have to fill exactly.</param>
    /// <param name="tlvs">The values, which refer to the bytes.</param>
    /// <returns>Whether they are well-formed.</returns>
    public static bool TryRead(ReadOnlyMemory<byte> bytes, out IReadOnlyList<ProxyTlv> tlvs)
    {
        var found = new List<ProxyTlv>();
        tlvs = found;
        while (!bytes.IsEmpty)
        {
            if (bytes.Length < Header)
            {
                return false;
            }

            var length = BinaryPrimitives.ReadUInt16BigEndian(bytes.Span[1..]);
            if (bytes.Length < Header + length)
            {
                return false;
            }

            found.Add(new(bytes.Span[0], bytes.Slice(Header, length)));
            bytes = bytes[(Header + length)..];
        }

        return true;
    }
}

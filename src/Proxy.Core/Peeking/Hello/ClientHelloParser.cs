using System.Buffers.Binary;
using System.Text;
using Proxy.Configuration.Reading;

namespace Proxy.Peeking.Hello;

/// <summary>Parses a ClientHello that is complete (RFC 8446, 4.1.2). Every length has to fit exactly.</summary>
internal static class ClientHelloParser
{
    /// <summary>The largest number of application protocols; of more none is used.</summary>
    public const int MaxProtocols = 64;

    private const int Version = 2;
    private const int Random = 32;
    private const int MaxSession = 32;
    private const int ServerNameExtension = 0;
    private const int AlpnExtension = 16;
    private const byte HostNameEntry = 0;

    /// <summary>Parses the message.</summary>
    /// <param name="message">The message without its header.</param>
    /// <returns>What it says; null if it violates the protocol.</returns>
    public static ClientHello? Parse(ReadOnlySpan<byte> message)
    {
        var rest = message;
        if (
            !TryTake(ref rest, Version + Random, out var start)
            || start[0] != 3
            || !TryTakeShort(ref rest, out var session)
            || session.Length > MaxSession
            || !TryTakeLong(ref rest, out var suites)
            || suites.Length < 2
            || suites.Length % 2 != 0
            || !TryTakeShort(ref rest, out var compressions)
            || compressions.IsEmpty
        )
        {
            return null;
        }

        if (rest.IsEmpty)
        {
            return ClientHello.Unusable; // a client of TLS 1.2 without extensions
        }

        return TryTakeLong(ref rest, out var extensions) && rest.IsEmpty ? ParseExtensions(extensions) : null;
    }

    private static ClientHello? ParseExtensions(ReadOnlySpan<byte> extensions)
    {
        string? name = null;
        List<string> protocols = [];
        var (names, lists) = (0, 0);
        while (!extensions.IsEmpty)
        {
            if (!TryTake(ref extensions, sizeof(ushort), out var type) || !TryTakeLong(ref extensions, out var content))
            {
                return null;
            }

            switch (BinaryPrimitives.ReadUInt16BigEndian(type))
            {
                case ServerNameExtension:
                    name = names++ == 0 ? ParseServerName(content) : null;
                    break;
                case AlpnExtension:
                    protocols = lists++ == 0 ? ParseProtocols(content) : [];
                    break;
                default:
                    break; // of no concern here, values that are reserved for nothing included (RFC 8701)
            }
        }

        return new(name, protocols);
    }

    // Exactly one entry, which is the name of a host: servers do not agree on which of several they take.
    private static string? ParseServerName(ReadOnlySpan<byte> content)
    {
        if (
            !TryTakeLong(ref content, out var list)
            || !content.IsEmpty
            || !TryTake(ref list, 1, out var type)
            || type[0] != HostNameEntry
            || !TryTakeLong(ref list, out var name)
            || !list.IsEmpty
            || name.Length > HostName.MaxLength + 1
        )
        {
            return null;
        }

        Span<char> text = stackalloc char[name.Length];
        return Encoding.Latin1.TryGetChars(name, text, out _) ? HostName.TryNormalize(text) : null;
    }

    private static List<string> ParseProtocols(ReadOnlySpan<byte> content)
    {
        if (!TryTakeLong(ref content, out var list) || !content.IsEmpty)
        {
            return [];
        }

        var protocols = new List<string>();
        while (!list.IsEmpty)
        {
            if (!TryTakeShort(ref list, out var protocol) || protocol.IsEmpty || protocols.Count == MaxProtocols)
            {
                return [];
            }

            protocols.Add(Encoding.Latin1.GetString(protocol));
        }

        return protocols;
    }

    // Takes what a length of one byte precedes.
    private static bool TryTakeShort(ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> content)
    {
        content = default;
        return TryTake(ref rest, 1, out var length) && TryTake(ref rest, length[0], out content);
    }

    // Takes what a length of two bytes precedes.
    private static bool TryTakeLong(ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> content)
    {
        content = default;
        return TryTake(ref rest, sizeof(ushort), out var length)
            && TryTake(ref rest, BinaryPrimitives.ReadUInt16BigEndian(length), out content);
    }

    private static bool TryTake(ref ReadOnlySpan<byte> rest, int count, out ReadOnlySpan<byte> taken)
    {
        if (rest.Length < count)
        {
            taken = default;
            return false;
        }

        taken = rest[..count];
        rest = rest[count..];
        return true;
    }
}

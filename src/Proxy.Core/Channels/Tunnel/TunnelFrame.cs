using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Proxy.Channels.Tunnel;

/// <summary>
/// What precedes the bytes of a tunnel that has a connection of its own: the caller's request, and the answer to it. A length of two bytes, which is that of the
/// rest; the version; then fields, each a type and a length of one byte and a value. Unknown fields are skipped, so that a later version may add some.
/// </summary>
internal sealed class TunnelFrame
{
    /// <summary>The longest frame in bytes, with its length.</summary>
    public const int MaxSize = 4096;

    /// <summary>The bytes of the length.</summary>
    public const int LengthSize = sizeof(ushort);

    private const byte Version = 1;
    private const int FieldHeader = 2;
    private const int MaxValue = byte.MaxValue;

    private readonly Dictionary<TunnelField, string> _fields = [];

    /// <summary>The value of a field; null if it is absent. Adding null adds nothing.</summary>
    public string? this[TunnelField field]
    {
        get => _fields.GetValueOrDefault(field);
        init
        {
            if (value is not null)
            {
                _fields[field] = value;
            }
        }
    }

    /// <summary>Writes the frame.</summary>
    /// <exception cref="ArgumentException">A value is longer than 255 bytes.</exception>
    public byte[] ToBytes()
    {
        var bytes = new List<byte>(256) { 0, 0, Version };
        foreach (var (field, text) in _fields)
        {
            var value = Encoding.UTF8.GetBytes(text);
            if (value.Length > MaxValue)
            {
                throw new ArgumentException($"The field {field} is longer than {MaxValue} bytes.");
            }

            bytes.AddRange([(byte)field, (byte)value.Length, .. value]);
        }

        var frame = bytes.ToArray();
        BinaryPrimitives.WriteUInt16BigEndian(frame, (ushort)(frame.Length - LengthSize));
        return frame;
    }

    /// <summary>Reads what follows the length.</summary>
    /// <returns>False if it is no frame of this version or a later one that is written alike, or a field comes twice.</returns>
    public static bool TryParse(ReadOnlySpan<byte> content, [NotNullWhen(true)] out TunnelFrame? frame)
    {
        frame = null;
        if (content is not [Version, .. var rest])
        {
            return false;
        }

        var read = new TunnelFrame();
        while (!rest.IsEmpty)
        {
            if (rest.Length < FieldHeader || rest.Length - FieldHeader < rest[1])
            {
                return false;
            }

            var field = (TunnelField)rest[0];
            if (Enum.IsDefined(field) && !read._fields.TryAdd(field, Encoding.UTF8.GetString(rest.Slice(FieldHeader, rest[1]))))
            {
                return false;
            }

            rest = rest[(FieldHeader + rest[1])..];
        }

        frame = read;
        return true;
    }

    /// <summary>Reads a frame from a connection, and no byte behind it.</summary>
    /// <returns>The frame; null if it is malformed, or too long.</returns>
    /// <exception cref="EndOfStreamException">The connection has ended.</exception>
    public static async ValueTask<TunnelFrame?> ReadAsync(Stream stream, CancellationToken cancellationToken)
    {
        var header = new byte[LengthSize];
        await stream.ReadExactlyAsync(header, cancellationToken);
        var length = BinaryPrimitives.ReadUInt16BigEndian(header);
        if (length > MaxSize - LengthSize)
        {
            return null;
        }

        var content = new byte[length];
        await stream.ReadExactlyAsync(content, cancellationToken);
        return TryParse(content, out var frame) ? frame : null;
    }
}

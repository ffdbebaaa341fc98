using System.Buffers;
using System.Buffers.Binary;

namespace Proxy.Peeking.Hello;

/// <summary>
/// Reads the ClientHello at the beginning of a stream (RFC 8446, 5.1; RFC 5246, 6.2.1), over any number of records, while its bytes arrive. Each record
/// is examined once, whatever the sizes of the segments are.
/// </summary>
internal sealed class ClientHelloReader
{
    /// <summary>The longest ClientHello in bytes, without the header of the message.</summary>
    public const int MaxHello = 16 * 1024;

    private const int RecordHeader = 5;
    private const int MaxRecord = 1 << 14;
    private const byte HandshakeRecord = 22;
    private const int MessageHeader = 4;
    private const byte ClientHelloMessage = 1;

    private int _next; // the position of the first record that is not complete
    private int _gathered; // bytes of the message in the records before it
    private uint _header; // the first bytes of the message, at most four
    private bool _isHello; // whether the first byte of the message is that of a ClientHello

    /// <summary>How much is known.</summary>
    public ClientHelloStatus Status { get; private set; }

    /// <summary>What the ClientHello says; null until it is complete.</summary>
    public ClientHello? Hello { get; private set; }

    /// <summary>Examines a stream.</summary>
    /// <param name="bytes">All bytes since its beginning, at least those of the call before.</param>
    /// <returns>How much is known now.</returns>
    public ClientHelloStatus Read(ReadOnlySpan<byte> bytes)
    {
        while (Status == ClientHelloStatus.MoreBytes && _next < bytes.Length && ReadRecord(bytes)) { }

        return Status;
    }

    /// <summary>Whether bytes may be the beginning of a record with a handshake message.</summary>
    public static bool MayBeRecord(ReadOnlySpan<byte> bytes) =>
        bytes is [] or [HandshakeRecord] or [HandshakeRecord, 3] or [HandshakeRecord, 3, <= 4, ..]
        && (bytes.Length < RecordHeader || LengthOf(bytes) is > 0 and <= MaxRecord);

    // Returns whether the record is complete and another one follows.
    private bool ReadRecord(ReadOnlySpan<byte> bytes)
    {
        var record = bytes[_next..];
        if (!MayBeRecord(record))
        {
            return Fail();
        }

        if (record.Length < RecordHeader)
        {
            return false;
        }

        var length = LengthOf(record);
        var content = record[RecordHeader..];
        var isWhole = content.Length >= length;
        if (!ReadHeader(isWhole ? content[..length] : content, length, out var header))
        {
            return Fail();
        }

        if (!isWhole)
        {
            return false;
        }

        _header = header;
        _gathered += length;
        _next += RecordHeader + length;
        if (_gathered >= MessageHeader && _gathered == Total(header))
        {
            Complete(bytes[.._next]);
            return false;
        }

        return true;
    }

    // Reads what is there of the header of the message, and checks it.
    private bool ReadHeader(ReadOnlySpan<byte> content, int length, out uint header)
    {
        header = _header;
        var count = Math.Min(_gathered, MessageHeader);
        for (var i = 0; i < content.Length && count < MessageHeader; i++, count++)
        {
            header = (header << 8) | content[i];
        }

        if (count > 0)
        {
            if (header >> (8 * (count - 1)) != ClientHelloMessage)
            {
                return false;
            }

            _isHello = true;
        }

        // Nothing but the ClientHello may be in its last record: the client waits for an answer.
        return count < MessageHeader || (Total(header) <= MessageHeader + MaxHello && _gathered + length <= Total(header));
    }

    private bool Fail()
    {
        Status = _isHello ? ClientHelloStatus.Malformed : ClientHelloStatus.NotTls;
        return false;
    }

    private void Complete(ReadOnlySpan<byte> records)
    {
        if (records.Length == RecordHeader + _gathered)
        {
            Parse(records[(RecordHeader + MessageHeader)..]);
            return;
        }

        var message = ArrayPool<byte>.Shared.Rent(_gathered);
        var count = 0;
        for (var rest = records; !rest.IsEmpty; rest = rest[(RecordHeader + LengthOf(rest))..])
        {
            var content = rest.Slice(RecordHeader, LengthOf(rest));
            content.CopyTo(message.AsSpan(count));
            count += content.Length;
        }

        Parse(message.AsSpan(MessageHeader, count - MessageHeader));
        ArrayPool<byte>.Shared.Return(message);
    }

    private void Parse(ReadOnlySpan<byte> message)
    {
        Hello = ClientHelloParser.Parse(message);
        Status = Hello is null ? ClientHelloStatus.Malformed : ClientHelloStatus.Complete;
    }

    private static int LengthOf(ReadOnlySpan<byte> record) => BinaryPrimitives.ReadUInt16BigEndian(record[3..]);

    private static int Total(uint header) => MessageHeader + (int)(header & 0xFFFFFF);
}

using System.Text;
using Google.Protobuf;

namespace Proxy.Host.Tests.EndToEnd.Telemetry.Otlp;

/// <summary>A protobuf message that is read without a schema, by field numbers. The numbers are those of opentelemetry-proto 1.x.</summary>
internal sealed class ProtoMessage
{
    private readonly List<(int Field, object Value)> _fields = [];

    /// <exception cref="InvalidProtocolBufferException">The bytes are not a protobuf message.</exception>
    public ProtoMessage(byte[] bytes)
    {
        using var input = new CodedInputStream(bytes);
        while (input.ReadTag() is var tag and > 0)
        {
            object value = WireFormat.GetTagWireType(tag) switch
            {
                WireFormat.WireType.Varint => input.ReadUInt64(),
                WireFormat.WireType.Fixed64 => input.ReadFixed64(),
                WireFormat.WireType.Fixed32 => (ulong)input.ReadFixed32(),
                WireFormat.WireType.LengthDelimited => input.ReadBytes().ToByteArray(),
                _ => throw new InvalidDataException($"Tag {tag}"),
            };
            _fields.Add((WireFormat.GetTagFieldNumber(tag), value));
        }
    }

    public bool Has(int field) => _fields.Exists(one => one.Field == field);

    public IEnumerable<ProtoMessage> Messages(int field) => All(field).Select(static value => new ProtoMessage((byte[])value));

    public ulong Number(int field) => (ulong)(All(field).FirstOrDefault() ?? 0UL);

    public string Text(int field) => Encoding.UTF8.GetString(Bytes(field));

    public string Hex(int field) => Convert.ToHexStringLower(Bytes(field));

    /// <summary>Reads a list of KeyValue (key is field 1, value is field 2).</summary>
    public Dictionary<string, object?> Attributes(int field) =>
        Messages(field)
            .ToDictionary(static pair => pair.Text(1), static pair => pair.Messages(2).Select(static any => any.Any()).FirstOrDefault());

    /// <summary>Reads this message as an AnyValue (string is field 1, bool 2, int 3, double 4).</summary>
    public object? Any() =>
        Has(1) ? Text(1)
        : Has(2) ? Number(2) != 0
        : Has(3) ? (long)Number(3)
        : Has(4) ? BitConverter.UInt64BitsToDouble(Number(4))
        : null;

    private byte[] Bytes(int field) => (byte[])(All(field).FirstOrDefault() ?? Array.Empty<byte>());

    private IEnumerable<object> All(int field) => _fields.Where(one => one.Field == field).Select(static one => one.Value);
}

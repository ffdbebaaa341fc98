using System.Buffers;
using System.Buffers.Binary;
using Proxy.Configuration.Multiplexing;
using Proxy.Multiplexing.Framing;

namespace Proxy.Multiplexing.Modbus;

/// <summary>Modbus TCP: a header with transaction id and length, then unit id and PDU (MODBUS Messaging on TCP/IP 1.0b, 3.1).</summary>
internal sealed class ModbusTcpFramer : IModbusFramer
{
    private const int MinBytes = Mbap.Size + 1;
    private static readonly Lazy<ModbusTcpFramer> _variant = new(static () => new(byPdu: true));
    private readonly bool _byPdu; // replies are measured by their PDU, since the header's length is wrong

    public ModbusTcpFramer()
        : this(byPdu: false) { }

    private ModbusTcpFramer(bool byPdu)
    {
        _byPdu = byPdu;
        Rules = new ModbusRules(this);
    }

    public string Name => "modbus-tcp";

    public string Description => "Modbus TCP.";

    public int MaxBytes => Mbap.Size + ModbusFunctions.MaxAdu;

    public CorrelationField? Correlation => Mbap.TransactionId;

    public IProtocolRules Rules { get; }

    public IMessageFramer For(ClusterMultiplexConfig config) => config.Length == MessageLength.ByPdu ? _variant.Value : this;

    public FrameMeasure Measure(in MeasureContext context)
    {
        if (context.Direction == MessageDirection.Reply)
        {
            return _byPdu ? MeasureByPdu(context) : Mbap.Measure(context.Buffer, MinBytes, MaxBytes);
        }

        var measure = Mbap.Measure(context.Buffer, MinBytes, MaxBytes);
        return measure.Status == FrameStatus.Complete
            ? measure with
            {
                Traits = ModbusFunctions.Traits(context.Buffer[Mbap.Size..measure.Length]),
            }
            : measure;
    }

    public void Correct(Span<byte> reply)
    {
        if (_byPdu && reply.Length >= MinBytes)
        {
            BinaryPrimitives.WriteUInt16BigEndian(reply[4..], (ushort)(reply.Length - Mbap.Size));
        }
    }

    public int Unwrap(ReadOnlySpan<byte> message, Span<byte> adu) =>
        message.Length >= MinBytes && message[Mbap.Size..].TryCopyTo(adu) ? message.Length - Mbap.Size : 0;

    public void Wrap(ReadOnlySpan<byte> adu, ReadOnlySpan<byte> request, IBufferWriter<byte> writer)
    {
        Mbap.Write(adu.Length, request, writer);
        writer.Write(adu);
    }

    // The length of an RTU frame, without its CRC. Of functions whose length is not known the header has to be right.
    private FrameMeasure MeasureByPdu(in MeasureContext context)
    {
        const int Function = Mbap.Size + 1;
        var buffer = context.Buffer;
        if (buffer.Length <= Function)
        {
            return FrameMeasure.NeedMore(Function + 1, MaxBytes);
        }

        // Of the request only its length matters, and that of an RTU frame has two bytes more than unit id and PDU.
        var request = context.Request.Length > Mbap.Size ? context.Request[(Mbap.Size - Crc16.Size)..] : [];
        var known = RtuLength.OfReply(buffer[Mbap.Size..], request);
        var length = Mbap.Size + known.Bytes - Crc16.Size;
        return known.Kind == RtuLengthKind.Unknown ? Mbap.Measure(buffer, MinBytes, MaxBytes)
            : known.Kind == RtuLengthKind.AtLeast || length > buffer.Length
                ? FrameMeasure.NeedMore(Math.Max(length, buffer.Length + 1), MaxBytes)
            : FrameMeasure.Complete(length);
    }
}

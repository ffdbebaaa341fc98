using System.Buffers;
using Proxy.Multiplexing.Framing;

namespace Proxy.Multiplexing.Modbus;

/// <summary>Modbus TCP: a header with transaction id and length, then unit id and PDU (MODBUS Messaging on TCP/IP 1.0b, 3.1).</summary>
internal sealed class ModbusTcpFramer : IModbusFramer
{
    private const int MinBytes = Mbap.Size + 1;

    public ModbusTcpFramer() => Rules = new ModbusRules(this);

    public string Name => "modbus-tcp";

    public string Description => "Modbus TCP.";

    public int MaxBytes => Mbap.Size + ModbusFunctions.MaxAdu;

    public CorrelationField? Correlation => Mbap.TransactionId;

    public IProtocolRules Rules { get; }

    public FrameMeasure Measure(in MeasureContext context)
    {
        var measure = Mbap.Measure(context.Buffer, MinBytes, MaxBytes);
        return measure.Status == FrameStatus.Complete && context.Direction == MessageDirection.Request
            ? measure with
            {
                Traits = ModbusFunctions.Traits(context.Buffer[Mbap.Size..measure.Length]),
            }
            : measure;
    }

    public int Unwrap(ReadOnlySpan<byte> message, Span<byte> adu) =>
        message.Length >= MinBytes && message[Mbap.Size..].TryCopyTo(adu) ? message.Length - Mbap.Size : 0;

    public void Wrap(ReadOnlySpan<byte> adu, ReadOnlySpan<byte> request, IBufferWriter<byte> writer)
    {
        Mbap.Write(adu.Length, request, writer);
        writer.Write(adu);
    }
}

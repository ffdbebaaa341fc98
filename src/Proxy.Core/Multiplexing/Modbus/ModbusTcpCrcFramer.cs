using System.Buffers;
using Proxy.Multiplexing.Framing;

namespace Proxy.Multiplexing.Modbus;

/// <summary>The header of Modbus TCP followed by a frame of Modbus RTU with its CRC. No standard has it, but some devices use it.</summary>
internal sealed class ModbusTcpCrcFramer : IModbusFramer, IChecksumFramer
{
    public ModbusTcpCrcFramer() => Rules = new ModbusRules(this);

    public string Name => "modbus-tcp-crc";

    public string Description => "Modbus TCP with the CRC of RTU at the end, inside the header's length.";

    public int MaxBytes => Mbap.Size + ModbusFunctions.MaxAdu + Crc16.Size;

    public int MinBytes => Mbap.Size + 2 + Crc16.Size;

    public int MaxNoise => Resynchronization.MaxNoise;

    public bool HasStarts => false;

    public CorrelationField? Correlation => Mbap.TransactionId;

    public IProtocolRules Rules { get; }

    public FrameMeasure Measure(in MeasureContext context) =>
        context.Direction == MessageDirection.Request ? MeasureAt(context) : Resynchronization.Measure(context, this);

    // Which request it answers is not known before its id is, and that only once its start is. There is no function 0, and many zeros in noise.
    public bool MayStart(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> request) =>
        Mbap.Measure(bytes, MinBytes, MaxBytes).Status != FrameStatus.Malformed
        && (bytes.Length <= Mbap.Size + 1 || (bytes[Mbap.Size + 1] & ~ModbusFunctions.ExceptionBit) != 0);

    public FrameMeasure MeasureAt(in MeasureContext context)
    {
        var measure = Mbap.Measure(context.Buffer, MinBytes, MaxBytes);
        if (measure.Status != FrameStatus.Complete)
        {
            return measure;
        }

        var frame = context.Buffer[Mbap.Size..measure.Length];
        return !Crc16.IsValid(frame) ? FrameMeasure.Malformed("The CRC is wrong.")
            : context.Direction == MessageDirection.Request
                ? measure with
                {
                    Traits = ModbusFunctions.RepeatingTraits(frame[..^Crc16.Size]),
                }
            : measure;
    }

    public int Unwrap(ReadOnlySpan<byte> message, Span<byte> adu) =>
        message.Length >= MinBytes ? RtuFrame.Unwrap(message[Mbap.Size..], adu) : 0;

    public void Wrap(ReadOnlySpan<byte> adu, ReadOnlySpan<byte> request, IBufferWriter<byte> writer)
    {
        Mbap.Write(adu.Length + Crc16.Size, request, writer);
        RtuFrame.Write(adu, writer);
    }
}

using System.Buffers;
using Proxy.Multiplexing.Framing;

namespace Proxy.Multiplexing.Modbus;

/// <summary>Modbus RTU over TCP, as serial converters send it.</summary>
internal sealed class ModbusRtuFramer : IModbusFramer, IChecksumFramer
{
    // TCP does not preserve pauses of 3.5 characters; converters pass on what they have after some milliseconds.
    private static readonly TimeSpan _silence = TimeSpan.FromMilliseconds(50);

    public ModbusRtuFramer() => Rules = new ModbusRules(this);

    public string Name => "modbus-rtu-over-tcp";

    public string Description => "Modbus RTU, as on a serial line, over TCP.";

    public int MaxBytes => RtuFrame.MaxBytes;

    public int MinBytes => RtuFrame.MinBytes;

    public int MaxNoise => Resynchronization.MaxNoise;

    public IProtocolRules Rules { get; }

    public FrameMeasure Measure(in MeasureContext context) =>
        context.Request.IsEmpty ? MeasureAt(context) : Resynchronization.Measure(context, this);

    public bool MayStart(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> request) => ModbusFunctions.MayAnswer(bytes, request);

    public FrameMeasure MeasureAt(in MeasureContext context)
    {
        var buffer = context.Buffer;
        var isRequest = context.Direction == MessageDirection.Request;
        if (buffer.Length < 2)
        {
            return FrameMeasure.NeedMore(RtuFrame.MinBytes, MaxBytes);
        }

        if (isRequest ? buffer[1] is 0 or >= ModbusFunctions.ExceptionBit : !ModbusFunctions.Answers(buffer, context.Request))
        {
            return FrameMeasure.Malformed(isRequest ? "There is no such function." : "The reply is not to this request.");
        }

        var length = isRequest ? RtuLength.OfRequest(buffer) : RtuLength.OfReply(buffer, context.Request);
        var measure =
            length.Kind == RtuLengthKind.Unknown ? Search(context)
            : length.Kind == RtuLengthKind.AtLeast || length.Bytes > Math.Min(buffer.Length, MaxBytes)
                ? FrameMeasure.NeedMore(length.Bytes, MaxBytes)
            : Crc16.IsValid(buffer[..length.Bytes]) ? FrameMeasure.Complete(length.Bytes)
            : FrameMeasure.Malformed("The CRC is wrong.");
        return measure.Status == FrameStatus.Complete && isRequest
            ? measure with
            {
                Traits = ModbusFunctions.SerialTraits(buffer[..(measure.Length - Crc16.Size)]),
            }
            : measure;
    }

    public int Unwrap(ReadOnlySpan<byte> message, Span<byte> adu) => RtuFrame.Unwrap(message, adu);

    public void Wrap(ReadOnlySpan<byte> adu, ReadOnlySpan<byte> request, IBufferWriter<byte> writer) => RtuFrame.Write(adu, writer);

    // One prefix in 65,536 has a matching CRC by chance. Trying each prefix would cut one in some hundred long frames, so only the whole
    // buffer is tried while more bytes may come: two frames in a row never have a matching CRC together.
    private static FrameMeasure Search(in MeasureContext context)
    {
        var length = context.Buffer.Length;
        if (length is >= RtuFrame.MinBytes and <= RtuFrame.MaxBytes && Crc16.IsValid(context.Buffer))
        {
            return FrameMeasure.Complete(length);
        }

        var mayGrow = length < RtuFrame.MinBytes || (context.Input == InputState.Open && length < RtuFrame.MaxBytes);
        return mayGrow
            ? FrameMeasure.NeedMore(Math.Max(length + 1, RtuFrame.MinBytes), RtuFrame.MaxBytes, silence: _silence)
            : SearchPrefix(context.Buffer[..Math.Min(length, RtuFrame.MaxBytes)], mayGrow: context.Direction == MessageDirection.Reply);
    }

    // A reply may come in parts with pauses; what bounds the wait for it is the time limit of a reply.
    private static FrameMeasure SearchPrefix(ReadOnlySpan<byte> bytes, bool mayGrow)
    {
        var crc = Crc16.Start;
        for (var index = 0; index < bytes.Length; index++)
        {
            crc = Crc16.Append(crc, bytes[index]);
            if (crc == 0 && index + 1 >= RtuFrame.MinBytes)
            {
                return FrameMeasure.Complete(index + 1);
            }
        }

        return mayGrow && bytes.Length < RtuFrame.MaxBytes
            ? FrameMeasure.NeedMore(bytes.Length + 1, RtuFrame.MaxBytes)
            : FrameMeasure.Malformed("There is no CRC that fits.");
    }
}

using System.Buffers;
using Proxy.Multiplexing.Framing;

namespace Proxy.Multiplexing.Modbus;

/// <summary>Modbus ASCII: a colon, unit id, PDU and LRC in hexadecimal digits, CR LF.</summary>
internal sealed class ModbusAsciiFramer : IModbusFramer, IChecksumFramer
{
    private const byte Colon = (byte)':';
    private const int Around = 3; // the colon, CR and LF
    private const int MinDigits = 2 * (2 + Lrc.Size);
    private const int MaxDigits = 2 * (ModbusFunctions.MaxAdu + Lrc.Size);

    private static readonly SearchValues<byte> _digits = SearchValues.Create("0123456789ABCDEFabcdef"u8);

    public ModbusAsciiFramer() => Rules = new ModbusRules(this);

    public string Name => "modbus-ascii";

    public string Description => "Modbus ASCII over TCP.";

    public int MaxBytes => MaxDigits + Around;

    public int MinBytes => MinDigits + Around;

    public int MaxNoise => Resynchronization.MaxNoise;

    public IProtocolRules Rules { get; }

    public FrameMeasure Measure(in MeasureContext context) =>
        context.Request.IsEmpty ? MeasureAt(context) : Resynchronization.Measure(context, this);

    public bool MayStart(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> request)
    {
        const int UnitAndFunction = 2;
        if (bytes[0] != Colon || bytes.Length <= 2 * UnitAndFunction)
        {
            return bytes[0] == Colon;
        }

        Span<byte> start = stackalloc byte[UnitAndFunction];
        Span<byte> asked = stackalloc byte[MaxDigits / 2];
        return Convert.FromHexString(bytes.Slice(1, 2 * UnitAndFunction), start, out _, out _) == OperationStatus.Done
            && ModbusFunctions.MayAnswer(start, asked[..Decode(request, asked)]);
    }

    public FrameMeasure MeasureAt(in MeasureContext context)
    {
        var buffer = context.Buffer[..Math.Min(context.Buffer.Length, MaxBytes)];
        if (buffer.IsEmpty)
        {
            return FrameMeasure.NeedMore(MinDigits + Around, MaxBytes);
        }

        if (buffer[0] != Colon)
        {
            return FrameMeasure.Malformed("The message does not start with a colon.");
        }

        var end = buffer[1..].IndexOfAnyExcept(_digits);
        var digits = end < 0 ? buffer.Length - 1 : end;
        var length = 1 + digits + 2;
        return end < 0 ? FrameMeasure.NeedMore(Math.Max(length + (digits % 2), MinDigits + Around), MaxBytes)
            : length > MaxBytes ? FrameMeasure.NeedMore(length, MaxBytes)
            : digits % 2 != 0 || digits < MinDigits || !"\r\n"u8.StartsWith(Cut(buffer, 1 + digits))
                ? FrameMeasure.Malformed("The message is not pairs of hexadecimal digits, CR and LF.")
            : length > buffer.Length ? FrameMeasure.NeedMore(length, MaxBytes)
            : Judge(buffer[..length], context);
    }

    public int Unwrap(ReadOnlySpan<byte> message, Span<byte> adu)
    {
        Span<byte> decoded = stackalloc byte[MaxDigits / 2];
        var length = Decode(message, decoded) - Lrc.Size;
        return length > 0 && decoded[..length].TryCopyTo(adu) ? length : 0;
    }

    public void Wrap(ReadOnlySpan<byte> adu, ReadOnlySpan<byte> request, IBufferWriter<byte> writer)
    {
        Span<byte> check = [Lrc.Compute(adu)];
        Span<byte> digits = stackalloc byte[MaxDigits];
        Convert.TryToHexString(adu, digits, out var written);
        Convert.TryToHexString(check, digits[written..], out var last);
        writer.Write([Colon]);
        writer.Write(digits[..(written + last)]);
        writer.Write("\r\n"u8);
    }

    private static ReadOnlySpan<byte> Cut(ReadOnlySpan<byte> bytes, int start) => bytes[start..Math.Min(start + 2, bytes.Length)];

    private static FrameMeasure Judge(ReadOnlySpan<byte> message, in MeasureContext context)
    {
        Span<byte> decoded = stackalloc byte[MaxDigits / 2];
        Span<byte> request = stackalloc byte[MaxDigits / 2];
        var frame = decoded[..Decode(message, decoded)];
        if (!Lrc.IsValid(frame))
        {
            return FrameMeasure.Malformed("The LRC is wrong.");
        }

        return context.Direction == MessageDirection.Request
                ? FrameMeasure.Complete(message.Length, ModbusFunctions.SerialTraits(frame[..^Lrc.Size]))
            : ModbusFunctions.Answers(frame, request[..Decode(context.Request, request)]) ? FrameMeasure.Complete(message.Length)
            : FrameMeasure.Malformed("The reply is not to this request.");
    }

    private static int Decode(ReadOnlySpan<byte> message, Span<byte> bytes) =>
        message.Length > Around && Convert.FromHexString(message[1..^2], bytes, out _, out var written) == OperationStatus.Done
            ? written
            : 0;
}

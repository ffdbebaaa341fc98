using System.Buffers;
using Proxy.Configuration.Multiplexing;
using Proxy.Configuration.Reading;
using Proxy.Multiplexing.Framing;

namespace Proxy.Multiplexing.Modbus;

/// <summary>
/// The rules of Modbus in one framing: unit ids, reads that can be shared, exceptions, and conversion to the other framings.
/// </summary>
internal sealed class ModbusRules(IModbusFramer framer) : IProtocolRules
{
    private const int CommonRead = 6; // unit id, function, address, count
    private const byte Broadcast = 0;
    private const byte NoUnit = 0xFF; // of devices of Modbus TCP, which need none

    public string? Family => ProtocolName.Modbus;

    public bool HasUnits => true;

    public RequestFacts Describe(ReadOnlySpan<byte> request)
    {
        Span<byte> adu = stackalloc byte[ModbusFunctions.MaxAdu];
        var length = framer.Unwrap(request, adu);
        return length == 0
            ? default
            : new RequestFacts
            {
                Unit = adu[0],
                Target = Target(adu[..length]),
                ShareKey = ShareKey(adu[..length]),
                ConcernsAllUnits = adu[0] == Broadcast,
            };
    }

    public string NameTarget(ReadOnlySpan<byte> request)
    {
        Span<byte> adu = stackalloc byte[ModbusFunctions.MaxAdu];
        adu = adu[..framer.Unwrap(request, adu)];
        return adu switch
        {
            [var unit, var function, var high, var low, ..] => $"unit {unit}, function {function}, address {(high << 8) | low}",
            [var unit, var function, ..] => $"unit {unit}, function {function}",
            _ => "",
        };
    }

    public ReplyMeaning Judge(ReadOnlySpan<byte> request, ReadOnlySpan<byte> reply)
    {
        Span<byte> asked = stackalloc byte[ModbusFunctions.MaxAdu];
        Span<byte> answered = stackalloc byte[ModbusFunctions.MaxAdu];
        asked = asked[..framer.Unwrap(request, asked)];
        answered = answered[..framer.Unwrap(reply, answered)];
        return answered.Length < 2 || !ModbusFunctions.Answers(answered, asked) ? ReplyMeaning.Mismatch
            : (answered[1] & ModbusFunctions.ExceptionBit) == 0 ? ReplyMeaning.Answer
            : ModbusExceptions.IsNoAnswer(answered) ? ReplyMeaning.NoAnswer
            : ReplyMeaning.Error;
    }

    public bool MayConvert(ReadOnlySpan<byte> request, ReadOnlySpan<byte> reply)
    {
        Span<byte> asked = stackalloc byte[ModbusFunctions.MaxAdu];
        Span<byte> answered = stackalloc byte[ModbusFunctions.MaxAdu];
        asked = asked[..framer.Unwrap(request, asked)];
        answered = answered[..framer.Unwrap(reply, answered)];
        if (asked.Length > 0 && answered is [Broadcast or NoUnit, ..])
        {
            answered[0] = asked[0]; // devices that ignore the unit write their own default
        }

        return answered.Length >= 2 && ModbusFunctions.Answers(answered, asked);
    }

    public void Correct(Span<byte> reply) => framer.Correct(reply);

    public bool TryWriteLocal(LocalReply reply, ReadOnlySpan<byte> request, IBufferWriter<byte> writer)
    {
        Span<byte> adu = stackalloc byte[ModbusFunctions.MaxAdu];
        var asked = adu[..framer.Unwrap(request, adu)];
        if (reply == LocalReply.Done)
        {
            return TryWrap(asked[..ModbusWriteReply.Length(asked)], request, writer);
        }

        var code = ModbusExceptions.CodeOf(reply);
        return code != 0
            && asked.Length >= 2
            && TryWrap([asked[0], (byte)(asked[1] | ModbusFunctions.ExceptionBit), code], request, writer);
    }

    public bool TryConvert(
        IProtocolRules from,
        ReadOnlySpan<byte> message,
        ushort unit,
        ReadOnlySpan<byte> request,
        IBufferWriter<byte> writer
    )
    {
        Span<byte> adu = stackalloc byte[ModbusFunctions.MaxAdu];
        var length = from is ModbusRules other ? other.Unwrap(message, adu) : 0;
        adu[0] = (byte)unit;
        return TryWrap(adu[..length], request, writer);
    }

    public ReplySharing SharingOf(ClusterMultiplexConfig config) =>
        new(config.Modbus?.Coalesce ?? true, config.Modbus?.CacheFor ?? TimeSpan.Zero);

    public IRouteRules? RulesOf(MultiplexConfig config) => config.Modbus is { } modbus ? new ModbusRoute(framer, modbus) : null;

    private int Unwrap(ReadOnlySpan<byte> message, Span<byte> adu) => framer.Unwrap(message, adu);

    private bool TryWrap(ReadOnlySpan<byte> adu, ReadOnlySpan<byte> request, IBufferWriter<byte> writer)
    {
        if (adu.IsEmpty)
        {
            return false;
        }

        framer.Wrap(adu, request, writer);
        return true;
    }

    // Unit, function and address; functions without an address have other two bytes there, which also say what is asked for, or none.
    private static ulong Target(ReadOnlySpan<byte> adu)
    {
        const int Compared = 4;
        var target = 1UL; // never 0
        for (var index = 0; index < Math.Min(adu.Length, Compared); index++)
        {
            target = (target << 8) | adu[index];
        }

        return target;
    }

    // Reads of coils, inputs and registers have the same short form, which fits a number.
    private static UInt128 ShareKey(ReadOnlySpan<byte> adu)
    {
        if (adu.Length != CommonRead || adu[1] is < 0x01 or > 0x04)
        {
            return 0;
        }

        var key = 0UL;
        foreach (var octet in adu)
        {
            key = (key << 8) | octet;
        }

        return key;
    }
}

using System.Globalization;
using Proxy.Configuration.Multiplexing;
using Proxy.Multiplexing.Framing;

namespace Proxy.Multiplexing.Modbus;

/// <summary>The rules of a Modbus route: what its clients may do, and which cluster serves a unit.</summary>
internal sealed class ModbusRoute(IModbusFramer framer, MultiplexModbusConfig config) : IRouteRules
{
    private readonly List<(int? Unit, RegisterRange Registers)> _allowed =
    [
        .. config.AllowedWrites.Select(static allowed => (allowed.Unit, Parse(allowed.Registers))),
    ];

    private readonly Dictionary<ushort, ushort> _unitMap = config.UnitMap.ToDictionary(
        static pair => ParseUnit(pair.Key),
        static pair => (ushort)pair.Value
    );

    private readonly Dictionary<ushort, string> _clusters = config.Units.ToDictionary(
        static pair => ParseUnit(pair.Key),
        static pair => pair.Value.ClusterId
    );

    public RequestVerdict Judge(ReadOnlySpan<byte> request)
    {
        if (config.Writes == ModbusWrites.Allow)
        {
            return RequestVerdict.Allow;
        }

        Span<byte> adu = stackalloc byte[ModbusFunctions.MaxAdu];
        adu = adu[..framer.Unwrap(request, adu)];
        return adu.IsEmpty || ModbusFunctions.IsRead(adu) || IsAllowed(adu) ? RequestVerdict.Allow
            : config.Writes == ModbusWrites.Deny ? RequestVerdict.Deny
            : RequestVerdict.Ignore;
    }

    public string? ClusterOf(ushort unit) => _clusters.GetValueOrDefault(unit);

    public ushort UnitFor(ushort unit) => _unitMap.GetValueOrDefault(unit, unit);

    private static RegisterRange Parse(string text) => RegisterRange.TryParse(text, out var range) ? range : default;

    private static ushort ParseUnit(string text) => byte.Parse(text, CultureInfo.InvariantCulture);

    private bool IsAllowed(ReadOnlySpan<byte> adu)
    {
        if (WrittenRegisters(adu) is not { } written)
        {
            return false;
        }

        foreach (var (unit, registers) in _allowed)
        {
            if ((unit ?? adu[0]) == adu[0] && registers.First <= written.First && written.Last <= registers.Last)
            {
                return true;
            }
        }

        return false;
    }

    private static RegisterRange? WrittenRegisters(ReadOnlySpan<byte> adu) =>
        adu switch
        {
            [_, 0x06, var high, var low, _, _] => Range(high, low, 1),
            [_, 0x10, var high, var low, var countHigh, var countLow, ..] => Range(high, low, (countHigh << 8) | countLow),
            [_, 0x16, var high, var low, _, _, _, _] => Range(high, low, 1),
            [_, 0x17, _, _, _, _, var high, var low, var countHigh, var countLow, ..] => Range(high, low, (countHigh << 8) | countLow),
            _ => null,
        };

    // By the standard a count of zero writes nothing, but devices may behave differently.
    private static RegisterRange? Range(byte high, byte low, int count)
    {
        var first = (high << 8) | low;
        return count == 0 ? null : new(first, first + count - 1);
    }
}

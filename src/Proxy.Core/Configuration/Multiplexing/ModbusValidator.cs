using System.Globalization;
using Proxy.Configuration.Reading;

namespace Proxy.Configuration.Multiplexing;

/// <summary>Checks the section Modbus of a route.</summary>
internal sealed class ModbusValidator(ConfigNames names, ProblemList problems)
{
    /// <param name="modbus">The section.</param>
    /// <param name="protocol">The name of the protocol of the route's clients; null if it is unknown.</param>
    /// <param name="path">The path of the section.</param>
    public void Check(MultiplexModbusConfig modbus, string? protocol, string path)
    {
        if (protocol is not null && MultiplexClusterValidator.Find(names, protocol) is not { IsModbus: true })
        {
            problems.Consequence(path, "is for Modbus, and this route has another protocol; leave it out.", path);
        }

        foreach (var (index, allowed) in modbus.AllowedWrites.Index())
        {
            if (!RegisterRange.TryParse(allowed.Registers, out _))
            {
                problems.Consequence(
                    $"{path}:AllowedWrites:{index}:Registers",
                    $"'{ScalarReader.Shorten(allowed.Registers)}' is no range of registers; write '40000' or '40000-40010', at most 65535."
                );
            }
        }

        if (modbus is { Writes: ModbusWrites.Allow, AllowedWrites.Count: > 0 })
        {
            problems.Warn(
                $"{path}:AllowedWrites",
                "has no effect while Writes is 'Allow', since all writes pass; leave it out, or set Writes."
            );
        }

        CheckUnitIds(modbus.UnitMap.Keys, $"{path}:UnitMap");
        CheckUnitIds(modbus.Units.Keys, $"{path}:Units");
    }

    private void CheckUnitIds(IEnumerable<string> ids, string path)
    {
        foreach (var id in ids)
        {
            // "7" and "07" would be two keys for one unit.
            if (
                !byte.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var unit)
                || id != unit.ToString(CultureInfo.InvariantCulture)
            )
            {
                problems.Error($"{path}:{id}", $"'{ScalarReader.Shorten(id)}' is no unit id; write a number from 0 to 255.");
            }
        }
    }
}

using System.Globalization;
using Proxy.Configuration.Reading;

namespace Proxy.Configuration.Multiplexing;

/// <summary>Checks what a route says of Modbus.</summary>
internal sealed class ModbusValidator(ConfigurationNames names, ProblemList problems)
{
    /// <param name="modbus">The block.</param>
    /// <param name="protocol">The name of the protocol that the route's clients speak; null when it is unknown.</param>
    /// <param name="path">Where the block stands.</param>
    public void Check(MultiplexModbusConfig modbus, string? protocol, string path)
    {
        if (protocol is not null && MultiplexClusterValidator.Find(names, protocol) is not { IsModbus: true })
        {
            problems.Consequence(path, "is for Modbus; this route speaks another protocol.", path);
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
            problems.Warn($"{path}:AllowedWrites", "says nothing while Writes is 'Allow': all writes pass.");
        }

        CheckUnitIds(modbus.UnitMap.Keys, $"{path}:UnitMap");
        CheckUnitIds(modbus.Units.Keys, $"{path}:Units");
    }

    private void CheckUnitIds(IEnumerable<string> ids, string path)
    {
        foreach (var id in ids)
        {
            // "7" and "07" would be two keys of one unit.
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

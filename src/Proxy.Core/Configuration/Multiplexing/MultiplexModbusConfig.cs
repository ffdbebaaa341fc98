using System.ComponentModel.DataAnnotations;
using Proxy.Configuration.Reading;

namespace Proxy.Configuration.Multiplexing;

/// <summary>What clients of a Modbus route may do, and which units they reach.</summary>
public sealed record MultiplexModbusConfig
{
    /// <summary>What happens to requests that do not only read.</summary>
    public ModbusWrites Writes { get; init; }

    /// <summary>Writes to registers that pass although Writes says otherwise.</summary>
    public IReadOnlyList<AllowedWriteConfig> AllowedWrites { get; init; } = [];

    /// <summary>Unit ids of clients, and what the destination gets instead.</summary>
    [Range(0, 255)]
    public IReadOnlyDictionary<string, int> UnitMap
    {
        get;
        init => field = ById.Copy(value);
    } = ById.Empty<int>();

    /// <summary>Unit ids of clients that another cluster serves.</summary>
    public IReadOnlyDictionary<string, ModbusUnitConfig> Units
    {
        get;
        init => field = ById.Copy(value);
    } = ById.Empty<ModbusUnitConfig>();
}

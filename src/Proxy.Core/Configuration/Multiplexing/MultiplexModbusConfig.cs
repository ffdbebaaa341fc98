using System.ComponentModel.DataAnnotations;
using Proxy.Configuration.Reading;

namespace Proxy.Configuration.Multiplexing;

/// <summary>What clients of a Modbus route may do, and which units they reach.</summary>
public sealed record MultiplexModbusConfig
{
    /// <summary>How requests are handled that are no reads.</summary>
    public ModbusWrites Writes { get; init; }

    /// <summary>Writes that are sent although Writes is Deny or Ignore.</summary>
    public IReadOnlyList<AllowedWriteConfig> AllowedWrites { get; init; } = [];

    /// <summary>Replaces unit ids of clients by those that the destination gets.</summary>
    [Range(0, 255)]
    public IReadOnlyDictionary<string, int> UnitMap
    {
        get;
        init => field = ById.Copy(value);
    } = ById.Empty<int>();

    /// <summary>The unit ids of clients that are served by another cluster.</summary>
    public IReadOnlyDictionary<string, ModbusUnitConfig> Units
    {
        get;
        init => field = ById.Copy(value);
    } = ById.Empty<ModbusUnitConfig>();
}

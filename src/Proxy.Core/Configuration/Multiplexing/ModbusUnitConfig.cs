namespace Proxy.Configuration.Multiplexing;

/// <summary>Where a unit is.</summary>
public sealed record ModbusUnitConfig
{
    /// <summary>The cluster that serves it.</summary>
    public required string ClusterId { get; init; }
}

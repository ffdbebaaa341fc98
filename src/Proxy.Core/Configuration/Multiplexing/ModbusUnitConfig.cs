namespace Proxy.Configuration.Multiplexing;

/// <summary>The cluster of a unit.</summary>
public sealed record ModbusUnitConfig
{
    /// <summary>The id of the cluster that serves the unit.</summary>
    public required string ClusterId { get; init; }
}

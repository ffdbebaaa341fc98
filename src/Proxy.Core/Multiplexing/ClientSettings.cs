using Proxy.Connections;
using Proxy.Multiplexing.Modbus;

namespace Proxy.Multiplexing;

/// <summary>What a Multiplex route asks for its clients.</summary>
internal sealed record ClientSettings
{
    /// <summary>How long a request may wait to be sent; negative for ever.</summary>
    public TimeSpan QueueTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Requests that may wait for one destination.</summary>
    public int QueueLimit { get; init; } = 1024;

    /// <summary>When a client's connection ends. It is not idle while it is to get a reply.</summary>
    public RelayOptions Deadlines { get; init; } = new();

    /// <summary>What clients of Modbus may do; null for all.</summary>
    public ModbusPolicy? Modbus { get; init; }
}

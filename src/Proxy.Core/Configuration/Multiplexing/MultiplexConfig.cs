using System.ComponentModel.DataAnnotations;
using Proxy.Configuration.Reading;

namespace Proxy.Configuration.Multiplexing;

/// <summary>What a Multiplex route does for its clients.</summary>
public sealed record MultiplexConfig
{
    /// <summary>The protocol clients speak; absent for the cluster's. Another one only where a conversion exists.</summary>
    public string? Protocol { get; init; }

    /// <summary>How long a request may wait before it is sent.</summary>
    [AllowNone]
    public TimeSpan QueueTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Requests that may wait for one destination.</summary>
    [Range(1, 1_000_000)]
    public int QueueLimit { get; init; } = 1024;

    /// <summary>What only Modbus has.</summary>
    public MultiplexModbusConfig? Modbus { get; init; }
}

using System.ComponentModel.DataAnnotations;
using Proxy.Configuration.Reading;

namespace Proxy.Configuration.Multiplexing;

/// <summary>How a Multiplex route serves its clients.</summary>
public sealed record MultiplexConfig
{
    /// <summary>
    /// The protocol of the clients; absent means that of the cluster. Another one is possible only if there is a conversion.
    /// </summary>
    public string? Protocol { get; init; }

    /// <summary>The longest time that a request waits to be sent.</summary>
    [AllowNone]
    public TimeSpan QueueTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The number of requests that may wait for one destination.</summary>
    [Range(1, 1_000_000)]
    public int QueueLimit { get; init; } = 1024;

    /// <summary>Settings for Modbus.</summary>
    public MultiplexModbusConfig? Modbus { get; init; }
}

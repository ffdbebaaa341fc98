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

    /// <summary>
    /// The bytes a second that a client has to send of a request, or to take of a reply, in the long run while others wait for that; 0 for no
    /// minimum.
    /// </summary>
    [Range(0, 1_000_000_000)]
    public int MinDataRate { get; init; } = 4096;

    /// <summary>
    /// When requests that wait to be sent are dropped because their client has gone; absent means Always for protocols whose clients do not
    /// half-close (Modbus, ISO 8583, MPU), otherwise OnReset.
    /// </summary>
    public DropUnsent? DropUnsent { get; init; }

    /// <summary>Settings for Modbus.</summary>
    public MultiplexModbusConfig? Modbus { get; init; }
}

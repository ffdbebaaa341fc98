using System.ComponentModel.DataAnnotations;

namespace Proxy.Configuration.Multiplexing;

/// <summary>Registers that may be written.</summary>
public sealed record AllowedWriteConfig
{
    /// <summary>The unit id in the client's request; absent for all units.</summary>
    [Range(0, 255)]
    public int? Unit { get; init; }

    /// <summary>A register or a range such as "40000-40010", as the protocol numbers them, from 0 to 65535.</summary>
    public required string Registers { get; init; }
}

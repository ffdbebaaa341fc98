using Proxy.Configuration.Reading;

namespace Proxy.Configuration.Multiplexing;

/// <summary>How Modbus devices are spared.</summary>
public sealed record ClusterModbusConfig
{
    /// <summary>How long what was read answers the same question again.</summary>
    [AllowZero]
    public TimeSpan CacheFor { get; init; }

    /// <summary>Whether the same read asked by several clients at once is sent once.</summary>
    public bool Coalesce { get; init; } = true;
}

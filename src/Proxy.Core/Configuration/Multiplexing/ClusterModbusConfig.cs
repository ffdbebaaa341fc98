using Proxy.Configuration.Reading;

namespace Proxy.Configuration.Multiplexing;

/// <summary>How the load of Modbus devices is reduced.</summary>
public sealed record ClusterModbusConfig
{
    /// <summary>How long a reply to a read is cached for identical reads.</summary>
    [AllowZero]
    public TimeSpan CacheFor { get; init; }

    /// <summary>Whether identical reads that several clients make at the same time are sent once.</summary>
    public bool Coalesce { get; init; } = true;
}

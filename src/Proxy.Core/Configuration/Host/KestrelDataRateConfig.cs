using System.ComponentModel.DataAnnotations;
using Proxy.Configuration.Reading;

namespace Proxy.Configuration.Host;

/// <summary>A least data rate; a slower connection is closed.</summary>
public sealed record KestrelDataRateConfig
{
    /// <summary>Bytes per second; "None", stored as -1, for no such limit.</summary>
    [AllowNone, Range(typeof(long), "1", KestrelLimitsConfig.Most)]
    public long BytesPerSecond { get; init; } = 240;

    /// <summary>How long it may be slower; more than a second.</summary>
    public TimeSpan GracePeriod { get; init; } = TimeSpan.FromSeconds(5);
}

using System.ComponentModel.DataAnnotations;
using Proxy.Configuration.Reading;

namespace Proxy.Configuration.Multiplexing;

/// <summary>How Multiplex routes treat the destinations of a cluster.</summary>
public sealed record ClusterMultiplexConfig
{
    /// <summary>The protocol by its name; instead of Framing.</summary>
    public string? Protocol { get; init; }

    /// <summary>Where messages end, for a protocol without a name here; instead of Protocol.</summary>
    public FramingConfig? Framing { get; init; }

    /// <summary>Where messages carry an id that ties a reply to its request.</summary>
    public CorrelationConfig? Correlation { get; init; }

    /// <summary>Which requests get no reply.</summary>
    public NoReplyWhenConfig? NoReplyWhen { get; init; }

    /// <summary>Upstream connections to one destination.</summary>
    [Range(1, 1024)]
    public int Connections { get; init; } = 1;

    /// <summary>Requests on one upstream connection that may wait for their replies; more than 1 needs replies in order or a correlation id.</summary>
    [Range(1, 1024)]
    public int MaxInFlight { get; init; } = 1;

    /// <summary>When to connect.</summary>
    public MultiplexConnect Connect { get; init; }

    /// <summary>Rest for the destination after a connect, before the first request.</summary>
    [AllowZero]
    public TimeSpan ConnectDelay { get; init; }

    /// <summary>Rest for the destination between two requests.</summary>
    [AllowZero]
    public TimeSpan RequestDelay { get; init; }

    /// <summary>Time for a reply, from sending its request.</summary>
    public TimeSpan ResponseTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Pause after a failure, in which requests fail at once; doubles with each failure in a row.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest such pause.</summary>
    public TimeSpan MaxRetryDelay { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long an upstream connection outlives its last client.</summary>
    [AllowNone, AllowZero]
    public TimeSpan KeepUnused { get; init; }

    /// <summary>The age at which an upstream connection is renewed.</summary>
    [AllowNone]
    public TimeSpan MaxAge { get; init; } = Timeout.InfiniteTimeSpan;

    /// <summary>What becomes of a reply after its time; absent: Discard where there is a correlation id, else Reconnect.</summary>
    public LateReply? LateReply { get; init; }

    /// <summary>Which requests are sent a second time after their connection was lost.</summary>
    public MultiplexRetry Retry { get; init; }

    /// <summary>What only Modbus has.</summary>
    public ClusterModbusConfig? Modbus { get; init; }
}

using System.ComponentModel.DataAnnotations;
using Proxy.Configuration.Reading;

namespace Proxy.Configuration.Multiplexing;

/// <summary>How Multiplex routes use the destinations of a cluster.</summary>
public sealed record ClusterMultiplexConfig
{
    /// <summary>The name of the protocol; instead of Framing.</summary>
    public string? Protocol { get; init; }

    /// <summary>The framing of a protocol that has no name here; instead of Protocol.</summary>
    public FramingConfig? Framing { get; init; }

    /// <summary>
    /// The position of an id in messages by which a reply belongs to its request; None for a destination that does not repeat the id which its
    /// protocol has.
    /// </summary>
    [AllowNone]
    public CorrelationConfig? Correlation { get; init; }

    /// <summary>Recognizes requests that get no reply; one object, or a list of which any item holds.</summary>
    [OneOrList]
    public NoReplyWhenList? NoReplyWhen { get; init; }

    /// <summary>Recognizes messages that a destination begins by itself; they are dropped.</summary>
    public UnsolicitedConfig? Unsolicited { get; init; }

    /// <summary>What happens to bytes between connecting and the first request.</summary>
    public Greeting Greeting { get; init; }

    /// <summary>Whether an echo of the request is dropped; for protocols with a checksum.</summary>
    public Echo Echo { get; init; }

    /// <summary>Where the length of a reply is taken from; for modbus-tcp.</summary>
    public MessageLength Length { get; init; }

    /// <summary>The number of upstream connections to one destination.</summary>
    [Range(1, 1024)]
    public int Connections { get; init; } = 1;

    /// <summary>
    /// The number of requests per upstream connection that may wait for their replies; more than 1 needs replies in order or a correlation
    /// id.
    /// </summary>
    [Range(1, 1024)]
    public int MaxInFlight { get; init; } = 1;

    /// <summary>
    /// The bytes that messages of one destination may take in memory: unfinished and waiting requests, and replies that are not taken.
    /// Beyond it clients are not read.
    /// </summary>
    [Range(65_536, 1_073_741_824)]
    public int MaxBufferedBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>When to connect.</summary>
    public MultiplexConnect Connect { get; init; }

    /// <summary>The pause after connecting, before the first request.</summary>
    [AllowZero]
    public TimeSpan ConnectDelay { get; init; }

    /// <summary>The pause between two requests.</summary>
    [AllowZero]
    public TimeSpan RequestDelay { get; init; }

    /// <summary>The time limit for a reply, from sending its request.</summary>
    public TimeSpan ResponseTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The pause after a failure, during which requests fail immediately; doubles with each failure in a row.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The maximum of that pause.</summary>
    public TimeSpan MaxRetryDelay { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long an upstream connection is kept after its last client has left.</summary>
    [AllowNone, AllowZero]
    public TimeSpan KeepUnused { get; init; }

    /// <summary>The age at which an upstream connection is renewed.</summary>
    [AllowNone]
    public TimeSpan MaxAge { get; init; } = Timeout.InfiniteTimeSpan;

    /// <summary>How a reply that is late is handled; absent means Discard if there is a correlation id, otherwise Reconnect.</summary>
    public LateReply? LateReply { get; init; }

    /// <summary>Which requests are sent again after their connection was lost.</summary>
    public MultiplexRetry Retry { get; init; }

    /// <summary>Settings for Modbus.</summary>
    public ClusterModbusConfig? Modbus { get; init; }
}

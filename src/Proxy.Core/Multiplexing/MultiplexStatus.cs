using Proxy.Conditions;
using Proxy.Diagnostics;

namespace Proxy.Multiplexing;

/// <summary>The state of a multiplexed destination at one moment.</summary>
/// <param name="ClusterId">The cluster.</param>
/// <param name="DestinationId">The destination.</param>
/// <param name="Address">Its address.</param>
/// <param name="Protocol">The name of its protocol.</param>
/// <param name="Clients">The clients that are connected.</param>
/// <param name="Queued">The number of requests that wait to be sent.</param>
/// <param name="Upstreams">Its upstream connections.</param>
/// <param name="SuspendedUnits">The Modbus units whose requests fail immediately, since several different ones were not answered.</param>
/// <param name="RetryIn">The time until the next connection is tried, after failures; zero if one may be tried.</param>
/// <param name="Errors">The latest reasons why upstream connections were lost or could not be made, newest first.</param>
/// <param name="IsRetired">Whether it was removed from the configuration and waits for its clients to leave.</param>
public sealed record MultiplexStatus(
    string ClusterId,
    string DestinationId,
    string Address,
    string Protocol,
    IReadOnlyList<MultiplexClientStatus> Clients,
    int Queued,
    IReadOnlyList<UpstreamStatus> Upstreams,
    IReadOnlyList<int> SuspendedUnits,
    TimeSpan RetryIn,
    IReadOnlyList<MultiplexError> Errors,
    bool IsRetired
)
{
    /// <summary>
    /// Whether each upstream connection is used for one exchange, since the destination closed several after their first answer.
    /// </summary>
    public bool ClosesAfterEachAnswer { get; init; }

    /// <summary>The requests that fail immediately, since they were not answered; each named by its unit, function and address.</summary>
    public IReadOnlyList<string> SuspendedRequests { get; init; } = [];

    /// <summary>How many requests ended in which way since the first client, by outcome.</summary>
    public IReadOnlyDictionary<string, long> Requests { get; init; } = new Dictionary<string, long>();

    /// <summary>The suspended units and requests, each with when that began.</summary>
    public IReadOnlyList<MultiplexSuspension> Suspended { get; init; } = [];

    /// <summary>The requests that were not answered since the last answer; null if there are none.</summary>
    public Failures? Unanswered { get; init; }

    /// <summary>The requests that were not answered, up to the last minute; null if there are none.</summary>
    public Failures? Timeouts { get; init; }

    /// <summary>The requests that found the queue full or waited too long, up to the last minute; null if there are none.</summary>
    public Failures? Refused { get; init; }

    /// <summary>The dials and connections that failed since the last answer; null if there are none.</summary>
    public Failures? Failures { get; init; }

    /// <summary>Whether requests fail at once, since the destination cannot be connected or loses connections, until the next attempt.</summary>
    public bool IsDown { get; init; }

    /// <summary>How well the device works; null where that is not asked for.</summary>
    public Condition? Condition { get; init; }

    /// <summary>How many requests were sent again, since the connection on which they were sent was lost.</summary>
    public long Repeated { get; init; }

    internal static MultiplexStatus Unused(SessionKey key, string protocol) =>
        new(key.ClusterId, key.DestinationId, key.Address, protocol, [], 0, [], [], TimeSpan.Zero, [], IsRetired: false);
}

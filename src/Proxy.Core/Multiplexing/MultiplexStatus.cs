namespace Proxy.Multiplexing;

/// <summary>What a multiplexer does for one destination at a moment.</summary>
/// <param name="ClusterId">The cluster.</param>
/// <param name="DestinationId">The destination.</param>
/// <param name="Address">Its address.</param>
/// <param name="Protocol">What it speaks.</param>
/// <param name="Clients">The ids of the connections that use it.</param>
/// <param name="Queued">Requests that wait to be sent.</param>
/// <param name="Upstreams">Its upstream connections.</param>
/// <param name="SuspendedUnits">Modbus units whose requests fail at once, since they did not answer.</param>
/// <param name="RetryIn">How long no connection is tried, after failures; zero when one may be.</param>
/// <param name="LastError">Why the last upstream connection was lost or not made; null while none was.</param>
public sealed record MultiplexStatus(
    string ClusterId,
    string DestinationId,
    string Address,
    string Protocol,
    IReadOnlyList<string> Clients,
    int Queued,
    IReadOnlyList<UpstreamStatus> Upstreams,
    IReadOnlyList<int> SuspendedUnits,
    TimeSpan RetryIn,
    string? LastError
);

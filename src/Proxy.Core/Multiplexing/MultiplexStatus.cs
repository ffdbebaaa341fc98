namespace Proxy.Multiplexing;

/// <summary>What a multiplexer does for one destination at a moment.</summary>
/// <param name="ClusterId">The cluster.</param>
/// <param name="DestinationId">The destination.</param>
/// <param name="Address">Its address.</param>
/// <param name="Protocol">What it speaks.</param>
/// <param name="Clients">The clients that are connected.</param>
/// <param name="Queued">Requests that wait to be sent.</param>
/// <param name="Upstreams">Its upstream connections.</param>
/// <param name="SuspendedUnits">Units, as Modbus has them, whose requests fail at once, since they did not answer.</param>
/// <param name="RetryIn">How long no connection is tried, after failures; zero when one may be.</param>
/// <param name="Errors">Why upstream connections were lost or not made lately, newest first.</param>
/// <param name="IsRetired">Whether it is not configured any more, and waits for its clients to leave.</param>
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
    internal static MultiplexStatus Unused(SessionKey key, string protocol) =>
        new(key.ClusterId, key.DestinationId, key.Address, protocol, [], 0, [], [], TimeSpan.Zero, [], IsRetired: false);
}

using Microsoft.AspNetCore.Connections;
using Proxy.Diagnostics;
using Proxy.Timing;

namespace Proxy.Connections;

/// <summary>Joins two connections until both have ended.</summary>
internal sealed class Relay(DeadlineClock clock)
{
    /// <summary>Moves bytes both ways: through the transport's own relay where it can take both sockets, else through pipes.</summary>
    /// <param name="client">The accepted side.</param>
    /// <param name="upstream">The dialed side.</param>
    /// <param name="options">Deadlines.</param>
    /// <param name="record">Counts bytes.</param>
    /// <returns>Why it ended.</returns>
    public ValueTask<ConnectionOutcome> RunAsync(
        ConnectionContext client,
        ConnectionContext upstream,
        RelayOptions options,
        ConnectionRecord record
    ) =>
        client is TcpConnection tcp && tcp.CanRelay(upstream)
            ? tcp.RelayAsync(upstream, options, record)
            : new(new PipeRelay(client, upstream, options, record, clock).RunAsync());
}

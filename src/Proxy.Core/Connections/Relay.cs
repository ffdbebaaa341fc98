using Microsoft.AspNetCore.Connections;
using Proxy.Diagnostics;
using Proxy.Timing;

namespace Proxy.Connections;

/// <summary>Relays between two connections until both have ended.</summary>
internal sealed class Relay(DeadlineClock clock)
{
    /// <summary>
    /// Moves bytes in both directions: with the transport's own relay if it can handle both sockets, by streams if both connections have them, as with
    /// TLS, otherwise through pipes.
    /// </summary>
    /// <param name="client">The accepted connection.</param>
    /// <param name="upstream">The dialed connection.</param>
    /// <param name="options">The deadlines.</param>
    /// <param name="record">Counts bytes.</param>
    /// <returns>The outcome.</returns>
    public ValueTask<ConnectionOutcome> RunAsync(
        ConnectionContext client,
        ConnectionContext upstream,
        RelayOptions options,
        ConnectionRecord record
    ) =>
        client is TcpConnection tcp && tcp.CanRelay(upstream) ? tcp.RelayAsync(upstream, options, record)
        : StreamRelay.TryCreate(client, upstream, options, record, clock) is { } streams ? new(streams.RunAsync())
        : new(new PipeRelay(client, upstream, options, record, clock).RunAsync());
}

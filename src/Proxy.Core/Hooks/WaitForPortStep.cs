using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Proxy.Clusters;
using Proxy.Configuration.Locking;

namespace Proxy.Hooks;

/// <summary>
/// Connects to the destination repeatedly until its port is open, or closed, as configured. The destination sees connections that end at
/// once.
/// </summary>
internal sealed class WaitForPortStep(PortState state, AddressRace race, TimeProvider time) : IHookStep
{
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan _attemptLimit = TimeSpan.FromSeconds(2);

    public string Text => $"WaitForPort {state}";

    public async ValueTask<string?> RunAsync(HookEvent hookEvent, CancellationToken cancellationToken)
    {
        if (hookEvent.Address is not { } address)
        {
            return "has no destination to wait for";
        }

        while (await ProbeAsync(address, cancellationToken) != state)
        {
            await Task.Delay(_pause, time, cancellationToken);
        }

        return null;
    }

    /// <summary>Whether the port is open or closed; null if neither is certain.</summary>
    private async Task<PortState?> ProbeAsync(EndPoint address, CancellationToken cancellationToken)
    {
        try
        {
            // Attempts are few, and the name may resolve differently from the last time.
            await using var connection = await race.ConnectAsync(
                HookAddress.Format(address),
                _attemptLimit,
                dnsRefresh: TimeSpan.Zero,
                cancellationToken
            );
            return IsOwn(connection) ? PortState.Closed : PortState.Open;
        }
        catch (TimeoutException)
        {
            return null;
        }
        catch (SocketException exception)
        {
            return SaysClosed(exception.SocketErrorCode, address) ? PortState.Closed : null;
        }
    }

    // Connecting to a local port on which no program listens may get that port as the source, and so connect to itself (RFC 9293, 3.5:
    // simultaneous open).
    private static bool IsOwn(ConnectionContext connection)
    {
        if (connection.LocalEndPoint is not IPEndPoint local || !local.Equals(connection.RemoteEndPoint))
        {
            return false;
        }

        // A reset, so that TIME_WAIT does not keep the port from the service.
        connection.Abort(new ConnectionAbortedException("The probe connected to itself."));
        return true;
    }

    private static bool SaysClosed(SocketError error, EndPoint address) =>
        error is SocketError.ConnectionRefused or SocketError.ConnectionReset
        // There is no such file. For TCP the same error means that no local port is left.
        || (address is UnixDomainSocketEndPoint && error == SocketError.AddressNotAvailable);
}

using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Connections;
using Proxy.Connections;
using Proxy.Diagnostics;

namespace Proxy.Forwarding;

/// <summary>The end of a pipeline: dials the client's target, and relays.</summary>
/// <param name="dialer">
/// Connects targets. A failure with a certain outcome for the client's connection is a <see cref="DialFailedException"/>; a
/// <see cref="SocketException"/>, <see cref="TimeoutException"/> or other <see cref="IOException"/> counts as
/// <see cref="ConnectionOutcome.ConnectFailed"/>.
/// </param>
/// <param name="target">
/// Creates the target for a client, an end point that the dialer supports. If it is disposable, it is disposed when the connection to it has
/// ended or failed, and gives back what the dialer took for it, such as a place at a destination.
/// </param>
/// <param name="options">The route's options for its connections.</param>
/// <param name="services">The services that all handlers share.</param>
internal sealed class ForwardHandler(
    IConnectionFactory dialer,
    Func<ConnectionContext, EndPoint> target,
    ForwardOptions options,
    ForwardDependencies services
) : ConnectionHandler
{
    private static readonly TimeSpan _preambleTimeout = TimeSpan.FromSeconds(5);
    private static readonly ConnectionAbortedException _failed = new("The relay failed.");

    /// <inheritdoc />
    public override async Task OnConnectedAsync(ConnectionContext connection)
    {
        var record = ConnectionRecord.Of(connection);
        (connection as TcpConnection)?.SetKeepAlive(options.KeepAlive);
        var endPoint = target(connection);
        using var place = endPoint as IDisposable;
        if (await DialAsync(connection, endPoint, record) is not { } upstream)
        {
            return;
        }

        await using (upstream)
        {
            try
            {
                (upstream as TcpConnection)?.SetKeepAlive(options.KeepAlive);
                record.Span?.Relaying(record.ClusterId, record.DestinationId);
                record.TryEnd(await services.Relay.RunAsync(connection, upstream, options.Deadlines.Jittered(services.Random), record));
            }
            catch
            {
                upstream.Abort(_failed); // an orderly end would look as if all bytes of the client had arrived
                throw;
            }
        }
    }

    /// <summary>Dials the target; null if that failed, and the client's connection was closed.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ConnectionContext?> DialAsync(ConnectionContext client, EndPoint endPoint, ConnectionRecord record)
    {
        var started = services.Time.GetTimestamp();
        var gone = new CancellationTokenSource(); // without a timer it needs no disposing, and the watch may still use it
        ConnectionContext? upstream = null;
        var outcome = ConnectionOutcome.ConnectFailed;
        try
        {
            upstream = await DialAsync(client as TcpConnection, endPoint, gone);
            if (client is TcpConnection { Preamble: { } preamble } && !await TrySendAsync(preamble, upstream))
            {
                upstream = null;
            }
        }
        catch (DialFailedException exception)
        {
            outcome = exception.Outcome;
        }
        catch (OperationCanceledException) when (gone.IsCancellationRequested)
        {
            outcome = ConnectionOutcome.ClientReset;
        }
        catch (Exception exception) when (exception is SocketException or TimeoutException or IOException)
        {
            // The exceptions with which transports fail.
        }

        if (outcome != ConnectionOutcome.ClientReset)
        {
            record.DialEnded(services.Time.GetElapsedTime(started), upstream is not null);
        }

        if (upstream is null)
        {
            record.Close(outcome);
        }

        return upstream;
    }

    // Disposes the upstream if it does not answer as it should.
    private async ValueTask<bool> TrySendAsync(IUpstreamPreamble preamble, ConnectionContext upstream)
    {
        using var deadline = new CancellationTokenSource(_preambleTimeout, services.Time);
        try
        {
            await preamble.SendAsync(upstream, deadline.Token);
            return true;
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException or ConnectionAbortedException)
        {
            await upstream.DisposeAsync();
            return false;
        }
    }

    private ValueTask<ConnectionContext> DialAsync(TcpConnection? client, EndPoint endPoint, CancellationTokenSource gone)
    {
        if (client is not null && options.ClientMayHaveGone)
        {
            return WatchAndDialAsync(client, endPoint, gone);
        }

        // A destination that answers immediately needs no watch.
        var dialing = dialer.ConnectAsync(endPoint, gone.Token);
        return client is null || dialing.IsCompleted ? dialing : WatchAsync(client, dialing, gone);
    }

    private async ValueTask<ConnectionContext> WatchAndDialAsync(TcpConnection client, EndPoint endPoint, CancellationTokenSource gone)
    {
        await using var watch = client.CancelOnReset(gone);
        gone.Token.ThrowIfCancellationRequested();
        return await dialer.ConnectAsync(endPoint, gone.Token);
    }

    /// <summary>Watches the client while dialing, without reading its bytes. Its reset cancels the dial, its FIN does not.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private static async ValueTask<ConnectionContext> WatchAsync(
        TcpConnection client,
        ValueTask<ConnectionContext> dialing,
        CancellationTokenSource gone
    )
    {
        await using var watch = client.CancelOnReset(gone);
        return await dialing;
    }
}

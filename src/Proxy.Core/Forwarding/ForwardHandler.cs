using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
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
    private static readonly ConnectionAbortedException _unready = new("The destination did not answer as it should.");

    /// <inheritdoc />
    public override async Task OnConnectedAsync(ConnectionContext connection)
    {
        // What is held across the waits is held by every open connection, so it is as little as possible.
        (connection as TcpConnection)?.SetKeepAlive(options.KeepAlive);
        var endPoint = target(connection);
        try
        {
            if (await DialAsync(connection, endPoint, ConnectionRecord.Of(connection)) is not { } upstream)
            {
                return;
            }

            Exception? failure = null;
            try
            {
                var outcome = await BeginRelay(connection, upstream);
                ConnectionRecord.Of(connection).TryEnd(outcome);
            }
            catch (Exception exception)
            {
                upstream.Abort(_failed); // an orderly end would look as if all bytes of the client had arrived
                failure = exception;
            }

            await upstream.DisposeAsync().AsTask(); // which costs less across the waits
            if (failure is not null)
            {
                ExceptionDispatchInfo.Throw(failure);
            }
        }
        finally
        {
            (endPoint as IDisposable)?.Dispose();
        }
    }

    private ValueTask<ConnectionOutcome> BeginRelay(ConnectionContext connection, ConnectionContext upstream)
    {
        var record = ConnectionRecord.Of(connection);
        (upstream as TcpConnection)?.SetKeepAlive(options.KeepAlive);
        record.Span?.Relaying(record.ClusterId, record.DestinationId);
        return services.Relay.RunAsync(connection, upstream, options.Deadlines.Jittered(services.Random), record);
    }

    /// <summary>Dials the target; null if that failed, and the client's connection was closed.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ConnectionContext?> DialAsync(ConnectionContext client, EndPoint endPoint, ConnectionRecord record)
    {
        var started = services.Time.GetTimestamp();
        var gone = SpareCancellation.Take(); // without a timer it needs no disposing, and the watch may still use it
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
            record.DialEnded(started, upstream is not null);
        }

        if (upstream is null)
        {
            record.Close(outcome);
        }

        return upstream;
    }

    // Resets the upstream if it does not answer as it should. It has got nothing of the client, so it is owed no orderly end; and behind a lock it has to
    // know before the next client is admitted, which is what a reset is for.
    private async ValueTask<bool> TrySendAsync(IUpstreamPreamble preamble, ConnectionContext upstream)
    {
        using var deadline = new CancellationTokenSource(_preambleTimeout, services.Time);
        var isSent = false;
        try
        {
            await preamble.SendAsync(upstream, deadline.Token);
            isSent = true;
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException or ConnectionAbortedException)
        {
            // The client's connection ends with an outcome that says so.
        }
        finally
        {
            if (!isSent)
            {
                upstream.Abort(_unready);
                await upstream.DisposeAsync();
            }
        }

        return isSent;
    }

    private ValueTask<ConnectionContext> DialAsync(TcpConnection? client, EndPoint endPoint, CancellationTokenSource gone)
    {
        if (client is not null && options.ClientMayHaveGone)
        {
            return WatchAndDialAsync(client, endPoint, gone);
        }

        var dialing = dialer.ConnectAsync(endPoint, gone.Token);
        if (client is not null && !dialing.IsCompleted)
        {
            return WatchAsync(client, dialing, gone);
        }

        // A destination that answers immediately needs no watch.
        if (dialing.IsCompletedSuccessfully)
        {
            SpareCancellation.GiveBack(gone);
        }

        return dialing;
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

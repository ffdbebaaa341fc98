using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Connections;
using Proxy.Clusters.Resolution;
using Proxy.Connections;

namespace Proxy.Clusters;

/// <summary>
/// Connects to an address: resolves its name and tries the results in turn, each 250 ms after the one before without waiting for that to
/// fail (RFC 8305), under one deadline.
/// </summary>
internal sealed class AddressRace(IConnectionFactory connections, DestinationResolver resolver, TimeProvider time)
{
    private static readonly TimeSpan _head = TimeSpan.FromMilliseconds(250);
    private static readonly TimerCallback _cancel = static source => ((CancellationTokenSource)source!).Cancel();

    /// <summary>Connects to an address.</summary>
    /// <param name="address"><c>tcp://host:port</c> or <c>unix:/path</c>.</param>
    /// <param name="connectTimeout">The deadline over name resolution and all addresses.</param>
    /// <param name="dnsRefresh">The age at which a name is resolved again.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>A connection that the caller has to dispose.</returns>
    /// <exception cref="TimeoutException">There was no answer in time.</exception>
    /// <exception cref="SocketException">Every address failed; this is the last failure.</exception>
    public ValueTask<ConnectionContext> ConnectAsync(
        string address,
        TimeSpan connectTimeout,
        TimeSpan dnsRefresh,
        CancellationToken cancellationToken
    )
    {
        cancellationToken.ThrowIfCancellationRequested();
        var cancel = SpareCancellation.Take();
        var dialing = StartAsync(address, dnsRefresh, cancel);
        if (!dialing.IsCompletedSuccessfully)
        {
            return WaitAsync(dialing, connectTimeout, cancel, cancellationToken);
        }

        // A destination on this host answers immediately, and needs no deadline.
        SpareCancellation.GiveBack(cancel);
        return dialing;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ConnectionContext> WaitAsync(
        ValueTask<ConnectionContext> dialing,
        TimeSpan connectTimeout,
        CancellationTokenSource cancel,
        CancellationToken cancellationToken
    )
    {
        await using var deadline = time.CreateTimer(_cancel, cancel, connectTimeout, Timeout.InfiniteTimeSpan);
        await using var linked = cancellationToken.UnsafeRegister(static state => _cancel(state), cancel);
        try
        {
            return await dialing;
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException(
                exception is UnresolvedException
                    ? $"The name was not resolved within {connectTimeout}."
                    : $"No answer within {connectTimeout}."
            );
        }
    }

    private ValueTask<ConnectionContext> StartAsync(string address, TimeSpan dnsRefresh, CancellationTokenSource cancel)
    {
        var resolving = resolver.ResolveAsync(address, dnsRefresh, cancel.Token);
        if (!resolving.IsCompletedSuccessfully)
        {
            return ResolveAndStartAsync(resolving, cancel);
        }

        return StartAsync(resolving.Result, cancel);
    }

    private async ValueTask<ConnectionContext> ResolveAndStartAsync(
        ValueTask<IReadOnlyList<EndPoint>> resolving,
        CancellationTokenSource cancel
    )
    {
        IReadOnlyList<EndPoint> endPoints;
        try
        {
            endPoints = await resolving;
        }
        catch (OperationCanceledException exception)
        {
            throw new UnresolvedException(exception);
        }

        return await StartAsync(endPoints, cancel);
    }

    private ValueTask<ConnectionContext> StartAsync(IReadOnlyList<EndPoint> endPoints, CancellationTokenSource cancel) =>
        endPoints.Count == 1 ? connections.ConnectAsync(endPoints[0], cancel.Token) : new(RaceAsync(endPoints, cancel));

    private async Task<ConnectionContext> RaceAsync(IReadOnlyList<EndPoint> endPoints, CancellationTokenSource cancel)
    {
        var running = new List<Task<ConnectionContext>>();
        var waiting = new Queue<EndPoint>(endPoints);
        Exception? failure = null;
        try
        {
            while (waiting.Count > 0 || running.Count > 0)
            {
                if (waiting.TryDequeue(out var endPoint))
                {
                    running.Add(DialAsync(endPoint, cancel.Token));
                }

                var ended = await NextAsync(running, waiting.Count > 0, cancel.Token);
                if (ended is null)
                {
                    continue;
                }

                running.Remove(ended);
                try
                {
                    return await ended;
                }
                catch (SocketException exception)
                {
                    failure = exception;
                }
            }
        }
        finally
        {
            await cancel.CancelAsync();
            running.ForEach(static late => _ = DisposeAsync(late));
        }

        throw failure!;
    }

    // A factory may throw at once, for a refusal on this host as a rule, and that is the failure of this address only.
    private async Task<ConnectionContext> DialAsync(EndPoint endPoint, CancellationToken cancellationToken) =>
        await connections.ConnectAsync(endPoint, cancellationToken);

    private async Task<Task<ConnectionContext>?> NextAsync(
        List<Task<ConnectionContext>> running,
        bool more,
        CancellationToken cancellationToken
    )
    {
        if (!more)
        {
            return await Task.WhenAny(running);
        }

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var ended = await Task.WhenAny([.. running, Task.Delay(_head, time, stop.Token)]);
        await stop.CancelAsync();
        return ended as Task<ConnectionContext>;
    }

    private static async Task DisposeAsync(Task<ConnectionContext> late)
    {
        try
        {
            await (await late).DisposeAsync();
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException)
        {
            // This attempt lost the race and did not connect.
        }
    }

    [SuppressMessage("Design", "CA1032", Justification = "Thrown and caught in this file.")]
    private sealed class UnresolvedException(OperationCanceledException inner) : OperationCanceledException(inner.Message, inner);
}

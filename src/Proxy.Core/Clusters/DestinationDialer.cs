using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Proxy.Clusters.Resolution;

namespace Proxy.Clusters;

/// <summary>Connects to a destination: all its addresses, raced as RFC 8305 says, under one deadline.</summary>
public sealed class DestinationDialer(IConnectionFactory connections, DestinationResolver resolver, TimeProvider time)
{
    private static readonly TimeSpan _head = TimeSpan.FromMilliseconds(250);

    /// <summary>Dials.</summary>
    /// <param name="address"><c>tcp://host:port</c> or <c>unix:/path</c>.</param>
    /// <param name="connectTimeout">The deadline over name resolution and all addresses.</param>
    /// <param name="dnsRefresh">The age at which a name is resolved again.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>A connection, the caller's to dispose.</returns>
    /// <exception cref="TimeoutException">Nobody answered in time.</exception>
    /// <exception cref="SocketException">Every address failed; the last reason.</exception>
    public async ValueTask<ConnectionContext> DialAsync(
        string address,
        TimeSpan connectTimeout,
        TimeSpan dnsRefresh,
        CancellationToken cancellationToken
    )
    {
        using var deadline = new CancellationTokenSource(connectTimeout, time);
        using var linked = cancellationToken.UnsafeRegister(static state => ((CancellationTokenSource)state!).Cancel(), deadline);
        try
        {
            var endPoints = await resolver.ResolveAsync(address, dnsRefresh, deadline.Token);
            return endPoints.Count == 1
                ? await connections.ConnectAsync(endPoints[0], deadline.Token)
                : await RaceAsync(endPoints, deadline);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"No answer within {connectTimeout}.");
        }
    }

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
                    running.Add(connections.ConnectAsync(endPoint, cancel.Token).AsTask());
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
            // It lost the race and never stood.
        }
    }
}

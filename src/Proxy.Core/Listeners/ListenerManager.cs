using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Proxy.Connections;

namespace Proxy.Listeners;

/// <summary>
/// Keeps the bound addresses equal to the configured ones, in two phases: bind what is new, and then, when everything
/// else has succeeded too, swap pipelines and retire what is gone. Called by one owner at a time.
/// </summary>
internal sealed partial class ListenerManager(IConnectionListenerFactory factory, TimeProvider time, ILogger<ListenerManager> logger)
{
    private volatile Dictionary<string, Listener> _listeners = new(StringComparer.Ordinal);

    /// <summary>The bound addresses by key, with real ports.</summary>
    public IReadOnlyDictionary<string, EndPoint> Bound =>
        _listeners.ToDictionary(static pair => pair.Key, static pair => pair.Value.EndPoint);

    /// <summary>Phase one: binds the addresses that are not bound yet. Nothing is accepted there before <see cref="Commit"/>.</summary>
    /// <param name="specs">All addresses as configured.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The sockets, to commit or to discard.</returns>
    /// <exception cref="BindException">One address could not be bound; those bound before it are closed again.</exception>
    public async Task<BoundListeners> BindAsync(IReadOnlyList<ListenerSpec> specs, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(specs);
        var all = new List<(ListenerSpec Spec, Listener Listener)>();
        var added = new List<Listener>();
        foreach (var spec in specs)
        {
            if (!_listeners.TryGetValue(spec.Key, out var listener))
            {
                try
                {
                    listener = await BindAsync(spec, [.. _listeners.Values, .. added], cancellationToken);
                }
                catch (Exception exception)
                {
                    await DiscardAsync(added);
                    if (exception is OperationCanceledException)
                    {
                        throw;
                    }

                    throw new BindException(spec.Key, exception);
                }

                added.Add(listener);
            }

            all.Add((spec, listener));
        }

        return new BoundListeners(all, added);
    }

    /// <summary>Gives up what phase one bound. Cannot fail: what goes wrong is logged.</summary>
    /// <param name="bound">From <see cref="BindAsync(IReadOnlyList{ListenerSpec}, CancellationToken)"/>.</param>
    /// <returns>A task that completes when the sockets are closed.</returns>
    public Task DiscardAsync(BoundListeners bound)
    {
        ArgumentNullException.ThrowIfNull(bound);
        return DiscardAsync(bound.Added);
    }

    /// <summary>
    /// Phase two: new connections run the new pipelines; addresses no longer configured stop accepting in the background. It swaps
    /// references and cannot fail.
    /// </summary>
    /// <param name="bound">From phase one.</param>
    public void Commit(BoundListeners bound)
    {
        ArgumentNullException.ThrowIfNull(bound);
        var next = new Dictionary<string, Listener>(StringComparer.Ordinal);
        foreach (var (spec, listener) in bound.All)
        {
            listener.Use(spec.Pipeline, spec.EndPoint.Backlog, spec.EndPoint.InOrder);
            next[spec.Key] = listener;
        }

        var removed = _listeners.Values.Where(listener => !next.ContainsKey(listener.Key)).ToList();
        _listeners = next;
        foreach (var listener in removed)
        {
            _ = RetireAsync(listener, next.Values.Any(other => Port(other.EndPoint) is { } port && port == Port(listener.EndPoint)));
        }

        foreach (var listener in bound.Added)
        {
            Log.Listening(logger, listener.Key, listener.EndPoint);
        }
    }

    /// <summary>Binds an address that comes and goes while the host runs, and accepts there at once.</summary>
    /// <param name="address">The address; with port 0 the system chooses one.</param>
    /// <param name="pipeline">What runs on each connection.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The listener, which its caller disposes: edits and <see cref="StopAsync"/> leave it alone.</returns>
    /// <exception cref="BindException">The address could not be bound; its base exception says why.</exception>
    internal async Task<LentListener> LendAsync(IPEndPoint address, ConnectionDelegate pipeline, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(address);
        ArgumentNullException.ThrowIfNull(pipeline);
        var key = address.ToString();
        try
        {
            var endPoint = new ListenEndPoint(address);
            var listener = await BindAsync(endPoint, key, cancellationToken);
            listener.Use(pipeline, endPoint.Backlog, inOrder: false);
            return new LentListener(listener, () => RetireAsync(listener, handOver: false));
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            throw new BindException(key, exception);
        }
    }

    /// <summary>Stops accepting at all configured addresses; connections go on.</summary>
    /// <returns>A task that completes when their listen sockets are closed.</returns>
    public Task StopAsync()
    {
        var listeners = _listeners;
        _listeners = new(StringComparer.Ordinal);
        return Task.WhenAll(listeners.Values.Select(listener => RetireAsync(listener, handOver: false)));
    }

    private async Task<Listener> BindAsync(ListenerSpec spec, IReadOnlyList<Listener> bound, CancellationToken cancellationToken)
    {
        // An address that overlaps one of ours (127.0.0.1:p beside *:p) can be bound only while both agree to share the port.
        var overlapping = bound
            .Where(listener => Overlap(listener.EndPoint, spec.EndPoint.Address))
            .Select(static listener => listener.Tunable)
            .OfType<ITunableListener>()
            .ToList();
        try
        {
            overlapping.ForEach(static listener => listener.SharePort(true));
            var endPoint = new ListenEndPoint(spec.EndPoint.Address, spec.EndPoint.Backlog, spec.EndPoint.DualStack)
            {
                SharePort = overlapping.Count > 0,
            };
            return await BindAsync(endPoint, spec.Key, cancellationToken);
        }
        finally
        {
            overlapping.ForEach(EndSharing);
        }
    }

    // By now the new socket is bound, and its owner has still to hear of it.
    private void EndSharing(ITunableListener listener)
    {
        try
        {
            listener.SharePort(false);
        }
        catch (Exception exception)
        {
            Log.StillShared(logger, exception);
        }
    }

    private async Task<Listener> BindAsync(ListenEndPoint endPoint, string key, CancellationToken cancellationToken)
    {
        var listener = await factory.BindAsync(endPoint, cancellationToken);
        try
        {
            (listener as ITunableListener)?.SharePort(false);
            return new Listener(listener, key, time, logger);
        }
        catch
        {
            await listener.DisposeAsync();
            throw;
        }
    }

    private async Task RetireAsync(Listener listener, bool handOver)
    {
        try
        {
            await listener.RetireAsync(handOver);
        }
        catch (Exception exception)
        {
            Log.RetireFailed(logger, listener.Key, exception);
        }
    }

    private Task DiscardAsync(IReadOnlyList<Listener> added) =>
        Task.WhenAll(added.Select(listener => RetireAsync(listener, handOver: false)));

    private static bool Overlap(EndPoint bound, EndPoint wanted) =>
        bound is IPEndPoint one
        && wanted is IPEndPoint other
        && one.Port == other.Port
        && (IsAny(one.Address) || IsAny(other.Address) || one.Address.Equals(other.Address));

    private static bool IsAny(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);

    private static int? Port(EndPoint endPoint) => (endPoint as IPEndPoint)?.Port;

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Endpoint {Endpoint} listens on {Address}.")]
        public static partial void Listening(ILogger logger, string endpoint, EndPoint address);

        [LoggerMessage(LogLevel.Error, "A listen socket still shares its port, which another program of the same user could join.")]
        public static partial void StillShared(ILogger logger, Exception exception);

        [LoggerMessage(LogLevel.Error, "Endpoint {Endpoint}: closing it failed.")]
        public static partial void RetireFailed(ILogger logger, string endpoint, Exception exception);
    }
}

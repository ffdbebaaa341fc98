using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Proxy.Connections;

namespace Proxy.Listeners;

/// <summary>
/// Keeps the bound addresses equal to the configured ones, in two phases: bind new addresses; then, when all other parts of an edit have
/// succeeded too, swap pipelines and retire removed addresses. Not thread-safe: one caller at a time.
/// </summary>
internal sealed partial class ListenerManager(IConnectionListenerFactory factory, TimeProvider time, ILogger<ListenerManager> logger)
{
    // A start with thousands of addresses shows these; the others are logged at the level Debug.
    private const int MostAddressLines = 20;
    private const int MostRouteNames = 5;

    private volatile Dictionary<string, Listener> _listeners = new(StringComparer.Ordinal);

    /// <summary>The bound addresses by key, with actual ports.</summary>
    public IReadOnlyDictionary<string, EndPoint> Bound =>
        _listeners.ToDictionary(static pair => pair.Key, static pair => pair.Value.EndPoint);

    /// <summary>Phase one: binds the addresses that are not bound yet. Nothing is accepted there before <see cref="Commit"/>.</summary>
    /// <param name="specs">All configured addresses.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The listeners, to be committed or discarded.</returns>
    /// <exception cref="BindException">An address could not be bound; those bound before it are closed again.</exception>
    public async Task<BoundListeners> BindAsync(IReadOnlyList<ListenerSpec> specs, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(specs);
        var all = new List<(ListenerSpec Spec, Listener Listener)>();
        var added = new List<Listener>();
        var bound = new Dictionary<int, List<Listener>>(); // by port
        foreach (var earlier in _listeners.Values)
        {
            Note(earlier, bound);
        }

        foreach (var spec in specs)
        {
            if (!_listeners.TryGetValue(spec.Key, out var listener))
            {
                try
                {
                    var samePort = Port(spec.EndPoint.Address) is { } port ? bound.GetValueOrDefault(port) : null;
                    listener = await BindAsync(spec, samePort ?? [], cancellationToken);
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
                Note(listener, bound);
            }

            all.Add((spec, listener));
        }

        return new BoundListeners(all, added);
    }

    /// <summary>Closes what phase one has bound. Cannot fail; problems are logged.</summary>
    /// <param name="bound">The result of phase one.</param>
    /// <returns>A task that completes when the sockets are closed.</returns>
    public Task DiscardAsync(BoundListeners bound)
    {
        ArgumentNullException.ThrowIfNull(bound);
        return DiscardAsync(bound.Added);
    }

    /// <summary>
    /// Phase two: new connections run the new pipelines, and removed addresses stop accepting in the background. Only swaps references, so
    /// it cannot fail.
    /// </summary>
    /// <param name="bound">The result of phase one.</param>
    public void Commit(BoundListeners bound)
    {
        ArgumentNullException.ThrowIfNull(bound);
        var next = new Dictionary<string, Listener>(StringComparer.Ordinal);
        foreach (var (spec, listener) in bound.All)
        {
            listener.Serve(spec.Pipeline, spec.EndPoint.Backlog, spec.EndPoint.InOrder);
            next[spec.Key] = listener;
        }

        var removed = _listeners.Values.Where(listener => !next.ContainsKey(listener.Key)).ToList();
        _listeners = next;
        var ports = next.Values.Select(static listener => Port(listener.EndPoint)).OfType<int>().ToHashSet();
        foreach (var listener in removed)
        {
            _ = RetireAsync(listener, Port(listener.EndPoint) is { } port && ports.Contains(port));
        }

        Report([.. bound.All.Where(pair => bound.Added.Contains(pair.Listener))]);
    }

    /// <summary>Binds an address independently of the configured ones, and starts to accept there.</summary>
    /// <param name="address">The address; for port 0 the system chooses one.</param>
    /// <param name="pipeline">The pipeline of its connections.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The listener, which the caller disposes. Edits and <see cref="StopAsync"/> do not affect it.</returns>
    /// <exception cref="BindException">The address could not be bound; the base exception says why.</exception>
    internal async Task<LentListener> LendAsync(IPEndPoint address, ConnectionDelegate pipeline, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(address);
        ArgumentNullException.ThrowIfNull(pipeline);
        var key = address.ToString();
        try
        {
            var endPoint = new ListenEndPoint(address, dualStack: address.Address.Equals(IPAddress.IPv6Any));
            var listener = await BindAsync(endPoint, key, cancellationToken);
            listener.Serve(pipeline, endPoint.Backlog, inOrder: false);
            return new LentListener(listener, () => RetireAsync(listener, handOver: false));
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            throw new BindException(key, exception);
        }
    }

    /// <summary>Stops accepting at all configured addresses; open connections go on.</summary>
    /// <returns>A task that completes when their listening sockets are closed.</returns>
    public Task StopAsync()
    {
        var listeners = _listeners;
        _listeners = new(StringComparer.Ordinal);
        return Task.WhenAll(listeners.Values.Select(listener => RetireAsync(listener, handOver: false)));
    }

    private void Report(IReadOnlyList<(ListenerSpec Spec, Listener Listener)> added)
    {
        foreach (var (index, (spec, listener)) in added.Index())
        {
            var level = index < MostAddressLines ? LogLevel.Information : LogLevel.Debug;
            var routes = InWords(spec.Routes);
            Log.Listening(logger, level, spec.Name, listener.EndPoint, routes);
        }

        if (added.Count > MostAddressLines)
        {
            var others = added.Count - MostAddressLines;
            Log.ListeningElsewhere(logger, others);
        }
    }

    private static string InWords(IReadOnlyList<string> routes)
    {
        var shown = string.Join(", ", routes.Take(MostRouteNames));
        return routes.Count > MostRouteNames ? $"{shown} and {routes.Count - MostRouteNames} more routes"
            : routes.Count > 0 ? shown
            : "no route";
    }

    private static void Note(Listener listener, Dictionary<int, List<Listener>> bound)
    {
        if (Port(listener.EndPoint) is not { } port)
        {
            return;
        }

        if (!bound.TryGetValue(port, out var listeners))
        {
            bound.Add(port, listeners = []);
        }

        listeners.Add(listener);
    }

    /// <param name="spec">What to bind.</param>
    /// <param name="samePort">What is bound to the same port.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    private async Task<Listener> BindAsync(ListenerSpec spec, IReadOnlyList<Listener> samePort, CancellationToken cancellationToken)
    {
        // An address that overlaps a bound one (127.0.0.1:p and *:p) can be bound only while both sockets share the port.
        var overlapping = samePort
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

    // The new socket is bound by now, and its owner has not got it yet, so a failure is only logged.
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
        [LoggerMessage("Endpoint {Endpoint} listens on {Address} for {Routes}.")]
        public static partial void Listening(ILogger logger, LogLevel level, string endpoint, EndPoint address, string routes);

        [LoggerMessage(LogLevel.Information, "{Count} more addresses are listened on; 'proxy endpoints' lists all.")]
        public static partial void ListeningElsewhere(ILogger logger, int count);

        [LoggerMessage(
            LogLevel.Error,
            "A listening socket still shares its port, so another program of the same user could bind it too and receive clients; restart the proxy to end that."
        )]
        public static partial void StillShared(ILogger logger, Exception exception);

        [LoggerMessage(
            LogLevel.Error,
            "Endpoint {Endpoint}: its listening socket could not be closed, so the address may stay in use until the proxy ends."
        )]
        public static partial void RetireFailed(ILogger logger, string endpoint, Exception exception);
    }
}

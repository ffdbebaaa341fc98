using System.Collections.Concurrent;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Proxy.Configuration;
using Proxy.Configuration.Routes;
using Proxy.Diagnostics;
using Proxy.Limits;

namespace Proxy.Routes;

/// <summary>Builds the pipelines of a revision, one per route and one per address, without affecting the running revision.</summary>
internal sealed partial class PipelineBuilder(
    TrackingMiddleware tracking,
    IEnumerable<IRouteFactory> factories,
    ILogger<PipelineBuilder> logger
)
{
    private readonly IRouteFactory[] _factories = [.. factories];

    // The counts survive edits, and an address that is removed and comes back.
    private readonly ConcurrentDictionary<string, ConnectionLimit> _limits = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Builds all pipelines.</summary>
    /// <exception cref="ApplyException">A route's pipeline could not be built. What was built before it is released.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled. What was built before is released.</exception>
    public PipelineSet Build(Revision revision, CancellationToken cancellationToken = default)
    {
        var kinds = new List<IRouteSet>();
        try
        {
            kinds.AddRange(_factories.Select(factory => factory.Begin(revision)));
            var routes = revision.Config.ReverseProxy.TcpRoutes.ToDictionary(
                static pair => pair.Key,
                pair =>
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    return BuildRoute(pair.Key, pair.Value, kinds);
                },
                StringComparer.OrdinalIgnoreCase
            );
            var endpoints = revision.Bindings.ToDictionary(
                static binding => binding.Slot,
                binding =>
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    return BuildEndpoint(binding, Routes(binding, revision, routes));
                },
                StringComparer.Ordinal
            );
            return new(routes, endpoints, kinds);
        }
        catch
        {
            GiveUp(kinds);
            throw;
        }
    }

    /// <summary>Releases what was built for a revision that is not going to run. Cannot fail; problems are logged.</summary>
    public void GiveUp(PipelineSet pipelines) => GiveUp(pipelines.Kinds);

    private void GiveUp(IReadOnlyList<IRouteSet> kinds)
    {
        foreach (var kind in kinds)
        {
            try
            {
                kind.GiveUp();
            }
            catch (Exception exception)
            {
                Log.NotGivenUp(logger, exception);
            }
        }
    }

    private static Route[] Routes(EndpointBinding binding, Revision revision, Dictionary<string, ConnectionDelegate> routes) =>
        [.. binding.RouteIds.Select(id => new Route(id, revision.SourceNetworks[id], routes[id]))];

    // Every open connection keeps the delegate, which therefore holds nothing of the revision but this.
    private ConnectionDelegate BuildEndpoint(EndpointBinding binding, Route[] routes)
    {
        ConnectionDelegate routing = new RoutingMiddleware(routes).OnConnectionAsync;
        var (endpoint, slot, maximum) = (binding.EndpointId, binding.Slot, binding.MaxConnections);
        var limit = _limits.GetOrAdd(endpoint, static _ => new ConnectionLimit());
        return connection => tracking.OnConnectionAsync(connection, endpoint, slot, LimitAsync);

        Task LimitAsync(ConnectionContext connection) => limit.OnConnectionAsync(connection, maximum, routing);
    }

    private ConnectionDelegate BuildRoute(string id, TcpRouteConfig route, List<IRouteSet> kinds)
    {
        try
        {
            var pipeline = kinds[Array.FindIndex(_factories, factory => factory.Builds(route))].Build(id, route);
            return connection =>
            {
                tracking.Routed(ConnectionRecord.Of(connection), id, route.AccessLog);
                return pipeline(connection);
            };
        }
        catch (Exception exception)
        {
            throw new ApplyException($"ReverseProxy:TcpRoutes:{id}", exception);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            LogLevel.Error,
            "A part of a configuration that is not applied could not be released; the running configuration is not affected."
        )]
        public static partial void NotGivenUp(ILogger logger, Exception exception);
    }
}

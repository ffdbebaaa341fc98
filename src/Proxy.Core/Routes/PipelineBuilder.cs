using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Proxy.Admission;
using Proxy.Configuration;
using Proxy.Configuration.Endpoints;
using Proxy.Configuration.Routes;
using Proxy.Diagnostics;
using Proxy.Peeking;
using Proxy.ProxyProtocol;
using Proxy.Tls.Certificates;
using Proxy.Tls.Origination;
using Proxy.Tls.Termination;

namespace Proxy.Routes;

/// <summary>Builds the pipelines of a revision, one per route and one per address, without affecting the running revision.</summary>
internal sealed partial class PipelineBuilder(
    TrackingMiddleware tracking,
    IEnumerable<IRouteFactory> factories,
    EdgeDependencies edge,
    Limiters limiters,
    Originations originations,
    TerminationDependencies termination,
    ILogger<PipelineBuilder> logger
)
{
    private readonly IRouteFactory[] _factories = [.. factories];

    /// <summary>Builds all pipelines.</summary>
    /// <exception cref="ApplyException">A route's pipeline could not be built. What was built before it is released.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled. What was built before is released.</exception>
    public PipelineSet Build(Revision revision, CancellationToken cancellationToken = default)
    {
        LoadTls(revision);
        var kinds = new List<IRouteSet>();
        var limits = new RevisionLimits(limiters, revision);
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
                    return BuildEndpoint(binding, routes);
                },
                StringComparer.Ordinal
            );
            return new(
                routes.ToDictionary(static pair => pair.Key, static pair => pair.Value.Whole, StringComparer.OrdinalIgnoreCase),
                endpoints,
                [.. kinds, limits, new RevisionHandshakes(termination, revision)]
            );
        }
        catch
        {
            GiveUp([.. kinds, limits]);
            throw;
        }
    }

    /// <summary>Releases what was built for a revision that is not going to run. Cannot fail; problems are logged.</summary>
    public void GiveUp(PipelineSet pipelines) => GiveUp(pipelines.Parts);

    // Reads the files of certificates, so that an edit whose files cannot be read is rejected.
    private void LoadTls(Revision revision)
    {
        foreach (var (id, cluster) in revision.Config.ReverseProxy.Clusters)
        {
            try
            {
                _ = cluster.Tcp.Tls is { } tls ? originations.Of(tls) : null;
            }
            catch (OriginationException exception)
            {
                throw new ApplyException($"ReverseProxy:Clusters:{id}:Tcp:Tls:{exception.Key}", exception);
            }
        }
    }

    private void GiveUp(IReadOnlyList<IRevisionPart> parts)
    {
        foreach (var part in parts)
        {
            try
            {
                part.GiveUp();
            }
            catch (Exception exception)
            {
                Log.NotGivenUp(logger, exception);
            }
        }
    }

    // What a connection passes between its acceptance and its route. What no route of the endpoint asks for is not there.
    private ConnectionDelegate BuildEndpoint(EndpointBinding binding, Dictionary<string, RoutePipeline> routes)
    {
        var table = new RouteTable(binding.Entries, edge.Detectors, binding.PeekTimeout);
        ConnectionDelegate next = new RoutingMiddleware(
            table,
            binding.RouteIds.Distinct().ToDictionary(static id => id, id => routes[id], StringComparer.Ordinal),
            client => OrderlyEnd.SendAsync(client, edge.Buffers, edge.Time)
        ).OnConnectionAsync;
        if (table.Peeks)
        {
            next = new PeekingMiddleware(
                table.Plan,
                (client, facts) => table.Decide(client, facts).Need,
                edge.Buffers,
                edge.Time,
                next
            ).OnConnectionAsync;
        }

        if (binding.ProxyProtocol is { Accept: not ProxyProtocolAccept.Off } accepted)
        {
            next = new ProxyProtocolMiddleware(
                new(accepted.Accept == ProxyProtocolAccept.Required, binding.Networks.Trusted, accepted.Timeout),
                edge.Buffers,
                edge.Time,
                next
            ).OnConnectionAsync;
        }

        // Every open connection keeps the delegate, which therefore holds nothing of the revision but this.
        var (endpoint, slot, maximum, offset) = (binding.EndpointId, binding.Slot, binding.MaxConnections, binding.Address.PortOffset);
        var networks = binding.Networks.Peers;
        var gate = limiters.OfEndpoint(endpoint); // its count survives edits, and an address that is removed and comes back
        ConnectionDelegate enter = EnterAsync;
        return connection => tracking.ServeAsync(connection, endpoint, slot, enter);

        Task EnterAsync(ConnectionContext connection)
        {
            ConnectionRecord.Of(connection).PortOffset = offset;
            return gate.OnConnectionAsync(connection, networks, maximum, next);
        }
    }

    private RoutePipeline BuildRoute(string id, TcpRouteConfig route, List<IRouteSet> kinds)
    {
        try
        {
            var mode = kinds[Array.FindIndex(_factories, factory => factory.Builds(route))].Build(id, route);
            var tls = EffectiveTls.Of(route);
            var terminator = tls is not null ? new TlsTerminator(id, tls, AnswersPostgres(route), termination) : null;
            var whole = terminator is null ? mode : new TlsMiddleware(terminator, mode).OnConnectionAsync;
            var limiter = limiters.OfRoute(id); // also without limits: those of a later edit are those of clients that it has not judged yet

            // A route that was removed and has come back while a client was peeked at has another limiter.
            var isLogged = route.AccessLog;
            return new(Admitted(whole), Admitted(mode), terminator, tls, Routed);

            void Routed(ConnectionRecord record) => tracking.Routed(record, id, isLogged);

            ConnectionDelegate Admitted(ConnectionDelegate next) =>
                connection =>
                {
                    var record = ConnectionRecord.Of(connection);
                    Routed(record);
                    return (limiters.Find(id) ?? limiter).Admits(record) ? next(connection) : Task.CompletedTask;
                };
        }
        catch (CertificateException exception)
        {
            throw new ApplyException($"ReverseProxy:TcpRoutes:{id}:Tls", exception);
        }
        catch (Exception exception)
        {
            throw new ApplyException($"ReverseProxy:TcpRoutes:{id}", exception);
        }
    }

    private static bool AnswersPostgres(TcpRouteConfig route) =>
        route.Match?.Protocols.Contains("Postgres", StringComparer.OrdinalIgnoreCase) ?? false;

    private static partial class Log
    {
        [LoggerMessage(
            LogLevel.Error,
            "A part of a configuration that is not applied could not be released; the running configuration is not affected."
        )]
        public static partial void NotGivenUp(ILogger logger, Exception exception);
    }
}

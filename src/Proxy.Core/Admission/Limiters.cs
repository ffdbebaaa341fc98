using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Proxy.Configuration.Routes;
using Proxy.Diagnostics;

namespace Proxy.Admission;

/// <summary>The limits of all routes and endpoints, which survive edits. Thread-safe, but for one edit at a time.</summary>
internal sealed class Limiters(ConnectionTracker tracker, TimeProvider time, ILogger<Limiters> logger)
{
    private readonly ConcurrentDictionary<string, RouteLimiter> _routes = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConcurrentDictionary<string, EndpointGate> _endpoints = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Those of the routes.</summary>
    public IEnumerable<RouteLimiter> Routes => _routes.Values;

    /// <summary>Those of the endpoints.</summary>
    public IEnumerable<EndpointGate> Endpoints => _endpoints.Values;

    /// <summary>The limiter of a route.</summary>
    public RouteLimiter OfRoute(string id) => _routes.GetOrAdd(id, static (id, owner) => owner.Create(id), this);

    /// <summary>The gate of an endpoint.</summary>
    public EndpointGate OfEndpoint(string id) => _endpoints.GetOrAdd(id, static (id, owner) => owner.CreateGate(id), this);

    /// <summary>Sets the limits of a revision that runs from now on.</summary>
    /// <param name="routes">The ids of its routes.</param>
    /// <param name="limits">The limits of those that have some.</param>
    public void Apply(IReadOnlyCollection<string> routes, IReadOnlyDictionary<string, RouteLimits> limits)
    {
        // The connections are read once all routes have their limits: one that is missing there is judged by these.
        var uncounted = routes.Select(OfRoute).Where(route => route.Use(limits.GetValueOrDefault(route.RouteId))).ToList();
        if (uncounted.Count > 0)
        {
            var open = tracker
                .Open.Where(static record => record.RouteId is not null)
                .ToLookup(static record => record.RouteId, StringComparer.OrdinalIgnoreCase);
            uncounted.ForEach(route => route.CountAgain(open[route.RouteId]));
        }

        foreach (var gone in _routes.Keys.Except(routes, StringComparer.OrdinalIgnoreCase))
        {
            _routes.TryRemove(gone, out _);
        }
    }

    private RouteLimiter Create(string id) => new(id, time, logger);

    private EndpointGate CreateGate(string id) => new(id, time, logger);
}

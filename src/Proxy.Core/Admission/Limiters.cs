using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Proxy.Configuration.Routes;
using Proxy.Diagnostics;

namespace Proxy.Admission;

/// <summary>
/// The limits of all routes and endpoints, which survive edits. Those of a route or an endpoint that is removed go with its last connection. Thread-safe,
/// but for one edit at a time.
/// </summary>
internal sealed class Limiters(ConnectionTracker tracker, TimeProvider time, ILogger<Limiters> logger)
{
    private readonly ConcurrentDictionary<string, RouteLimiter> _routes = new(StringComparer.OrdinalIgnoreCase);
    private readonly Lock _gate = new(); // guards the two below
    private readonly Dictionary<string, EndpointGate> _endpoints = new(StringComparer.OrdinalIgnoreCase);
    private HashSet<string> _running = new(StringComparer.OrdinalIgnoreCase); // endpoints

    /// <summary>Those of the routes.</summary>
    public IEnumerable<RouteLimiter> Routes => _routes.Values;

    /// <summary>Those of the endpoints.</summary>
    public IEnumerable<EndpointGate> Endpoints
    {
        get
        {
            lock (_gate)
            {
                return [.. _endpoints.Values];
            }
        }
    }

    /// <summary>The limiter of a route.</summary>
    public RouteLimiter OfRoute(string id) => _routes.GetOrAdd(id, static (id, owner) => owner.Create(id), this);

    /// <summary>The limiter of a route that runs; null if it does not.</summary>
    public RouteLimiter? Find(string id) => _routes.GetValueOrDefault(id);

    /// <summary>The gate of an endpoint, for a revision that is being built: <see cref="Apply"/> or <see cref="GiveUp"/> follows.</summary>
    public EndpointGate OfEndpoint(string id)
    {
        lock (_gate)
        {
            if (!_endpoints.TryGetValue(id, out var gate))
            {
                _endpoints.Add(id, gate = new(id, time, logger, Used));
            }

            gate.IsRemoved = false;
            return gate;
        }
    }

    /// <summary>Sets the limits of a revision that runs from now on.</summary>
    /// <param name="routes">The ids of its routes.</param>
    /// <param name="limits">The limits of those that have some.</param>
    /// <param name="endpoints">The ids of its endpoints.</param>
    public void Apply(
        IReadOnlyCollection<string> routes,
        IReadOnlyDictionary<string, RouteLimits> limits,
        IReadOnlyCollection<string> endpoints
    )
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

        // A route that comes back is counted anew, from its open connections, which alone keep the old limiter until they end.
        foreach (var gone in _routes.Keys.Except(routes, StringComparer.OrdinalIgnoreCase))
        {
            _routes.TryRemove(gone, out _);
        }

        lock (_gate)
        {
            _running = endpoints.ToHashSet(StringComparer.OrdinalIgnoreCase);
            ForgetRemoved();
        }
    }

    /// <summary>Forgets what was made for a revision that is not going to run.</summary>
    public void GiveUp()
    {
        foreach (var (id, route) in _routes)
        {
            if (!route.IsUsed)
            {
                _routes.TryRemove(id, out _);
            }
        }

        lock (_gate)
        {
            ForgetRemoved();
        }
    }

    private void ForgetRemoved()
    {
        foreach (var gate in _endpoints.Values.Where(gate => !_running.Contains(gate.EndpointId)).ToList())
        {
            gate.IsRemoved = true;
            Keep(gate);
        }
    }

    private void Used(EndpointGate gate)
    {
        lock (_gate)
        {
            if (gate.IsRemoved) // else an edit has brought the endpoint back
            {
                Keep(gate);
            }
        }
    }

    // While it has connections, so that they count if the endpoint comes back.
    private void Keep(EndpointGate removed)
    {
        if (removed.Count > 0)
        {
            _endpoints.TryAdd(removed.EndpointId, removed);
        }
        else if (_endpoints.GetValueOrDefault(removed.EndpointId) == removed)
        {
            _endpoints.Remove(removed.EndpointId);
        }
    }

    private RouteLimiter Create(string id) => new(id, time, logger);
}

using System.Diagnostics.Metrics;

namespace Proxy.Multiplexing;

/// <summary>The sessions there are, by destination. It outlives revisions: what an edit leaves as it is, goes on.</summary>
public sealed class MultiplexRegistry : IDisposable
{
    private readonly Lock _gate = new(); // guards both dictionaries, and that nobody joins a session that is being removed
    private readonly Dictionary<SessionKey, MultiplexSession> _sessions = [];
    private readonly SessionServices _services;
    private Dictionary<string, UpstreamSettings> _clusters = new(StringComparer.OrdinalIgnoreCase);

    internal MultiplexRegistry(SessionServices services)
    {
        _services = services;
        services.Metrics.Observe(Queued);
    }

    /// <summary>What each multiplexer does now.</summary>
    public IReadOnlyList<MultiplexStatus> Status => [.. All().Select(static session => session.Status())];

    /// <summary>Replaces the upstream connections of a destination, each after the exchange it is in.</summary>
    /// <param name="clusterId">The cluster.</param>
    /// <param name="destinationId">The destination.</param>
    /// <returns>Whether there is such a multiplexer.</returns>
    public bool Renew(string clusterId, string destinationId)
    {
        var found = All()
            .Where(session =>
                session.Key.ClusterId.Equals(clusterId, StringComparison.OrdinalIgnoreCase)
                && session.Key.DestinationId.Equals(destinationId, StringComparison.OrdinalIgnoreCase)
            )
            .ToList();
        found.ForEach(static session => session.Renew());
        return found.Count > 0;
    }

    /// <inheritdoc />
    public void Dispose() => All().ForEach(static session => session.Stop());

    /// <summary>Follows a revision.</summary>
    /// <param name="clusters">The clusters that are multiplexed.</param>
    internal void Use(IReadOnlyList<MultiplexedCluster> clusters)
    {
        var configured = clusters
            .SelectMany(static cluster => cluster.Destinations.Select(pair => new SessionKey(cluster.Id, pair.Key, pair.Value)))
            .ToHashSet();
        List<MultiplexSession> sessions;
        Dictionary<string, UpstreamSettings> settings;
        lock (_gate)
        {
            _clusters = settings = clusters.ToDictionary(
                static cluster => cluster.Id,
                static cluster => cluster.Settings,
                StringComparer.OrdinalIgnoreCase
            );
            foreach (var key in configured.Where(key => settings[key.ClusterId].ConnectsAlways))
            {
                Find(key, settings[key.ClusterId]);
            }

            sessions = [.. _sessions.Values];
        }

        foreach (var session in sessions)
        {
            if (configured.Contains(session.Key))
            {
                session.Apply(settings[session.Key.ClusterId]);
            }
            else
            {
                session.Retire();
            }
        }
    }

    /// <summary>The settings of a cluster in the running revision, if it has them.</summary>
    internal UpstreamSettings? SettingsOf(string clusterId)
    {
        lock (_gate)
        {
            return _clusters.GetValueOrDefault(clusterId);
        }
    }

    /// <summary>Lets a client into the session of a destination.</summary>
    /// <param name="key">The destination.</param>
    /// <param name="fallback">For a cluster that the running revision does not have any more.</param>
    /// <param name="create">Makes the client's lane.</param>
    internal RequestLane Join(SessionKey key, UpstreamSettings fallback, Func<MultiplexSession, RequestLane> create)
    {
        RequestLane lane;
        lock (_gate)
        {
            var session = Find(key, _clusters.GetValueOrDefault(key.ClusterId) ?? fallback);
            lane = create(session);
            session.Join(lane);
        }

        lane.Session.Start();
        return lane;
    }

    private MultiplexSession Find(SessionKey key, UpstreamSettings settings)
    {
        if (!_sessions.TryGetValue(key, out var session))
        {
            session = new MultiplexSession(key, settings, _services, Remove);
            _sessions.Add(key, session);
        }

        return session;
    }

    private void Remove(MultiplexSession session)
    {
        lock (_gate)
        {
            if (!session.IsOver)
            {
                return; // somebody has joined meanwhile
            }

            _sessions.Remove(session.Key);
        }

        _services.Clock.Remove(session);
    }

    private List<MultiplexSession> All()
    {
        lock (_gate)
        {
            return [.. _sessions.Values];
        }
    }

    private IEnumerable<Measurement<int>> Queued() => All().Select(static session => new Measurement<int>(session.Queued, session.Tags));
}

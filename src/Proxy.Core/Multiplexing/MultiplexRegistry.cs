using System.Diagnostics.Metrics;

namespace Proxy.Multiplexing;

/// <summary>The sessions there are, by destination. It outlives revisions: what an edit leaves as it is, goes on.</summary>
public sealed class MultiplexRegistry : IDisposable
{
    private readonly Lock _gate = new(); // guards all below but the services, and that no client joins a session that is being removed
    private readonly Dictionary<SessionKey, MultiplexSession> _sessions = [];
    private readonly SessionServices _services;
    private Dictionary<string, UpstreamSettings> _clusters = new(StringComparer.OrdinalIgnoreCase);
    private HashSet<SessionKey> _configured = [];

    internal MultiplexRegistry(SessionServices services)
    {
        _services = services;
        services.Metrics.Observe(Queued);
    }

    /// <summary>What is done now for each destination that is configured, and for those that are not any more and still have clients.</summary>
    public IReadOnlyList<MultiplexStatus> Status
    {
        get
        {
            List<MultiplexSession> sessions;
            List<MultiplexStatus> unused;
            lock (_gate)
            {
                sessions = [.. _sessions.Values];
                unused = [.. _configured.Where(key => !_sessions.ContainsKey(key)).Select(Unused)];
            }

            return
            [
                .. unused
                    .Concat(sessions.Select(static session => session.Status()))
                    .OrderBy(static status => status.ClusterId, StringComparer.Ordinal)
                    .ThenBy(static status => status.DestinationId, StringComparer.Ordinal),
            ];
        }
    }

    /// <summary>What is done now for one destination.</summary>
    /// <param name="clusterId">The cluster.</param>
    /// <param name="destinationId">The destination.</param>
    /// <returns>Null if there is no such destination. Of two, since its address was edited, the one that is configured.</returns>
    public MultiplexStatus? Find(string clusterId, string destinationId) =>
        Status
            .Where(status => Is(clusterId, destinationId, status.ClusterId, status.DestinationId))
            .OrderBy(static status => status.IsRetired)
            .FirstOrDefault();

    /// <summary>Replaces the upstream connections of a destination, each after the exchange it is in.</summary>
    /// <param name="clusterId">The cluster.</param>
    /// <param name="destinationId">The destination.</param>
    /// <returns>Whether there is a multiplexer that has had clients.</returns>
    public bool Renew(string clusterId, string destinationId)
    {
        var found = All().Where(session => Is(clusterId, destinationId, session.Key.ClusterId, session.Key.DestinationId)).ToList();
        found.ForEach(static session => session.Renew());
        return found.Count > 0;
    }

    /// <inheritdoc />
    public void Dispose() => All().ForEach(static session => session.Stop());

    /// <summary>Follows a revision.</summary>
    /// <param name="clusters">The clusters that are multiplexed.</param>
    /// <exception cref="AggregateException">Some sessions did not follow; all others did.</exception>
    internal void Use(IReadOnlyList<MultiplexCluster> clusters)
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
            _configured = configured;
            foreach (var key in configured.Where(key => settings[key.ClusterId].ConnectsAlways))
            {
                Find(key, settings[key.ClusterId]);
            }

            sessions = [.. _sessions.Values];
        }

        var failures = new List<Exception>();
        foreach (var session in sessions)
        {
            try
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
            catch (Exception exception)
            {
                failures.Add(exception);
            }
        }

        if (failures.Count > 0)
        {
            throw new AggregateException(failures);
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
            if (!_configured.Contains(key))
            {
                // A handler of an earlier revision picked what a later one does not have: no edit would end it any more.
                session.Retire();
            }
        }

        return session;
    }

    private void Remove(MultiplexSession session)
    {
        lock (_gate)
        {
            if (!session.IsOver)
            {
                return; // a client has joined meanwhile
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

    private static bool Is(string clusterId, string destinationId, string otherCluster, string otherDestination) =>
        clusterId.Equals(otherCluster, StringComparison.OrdinalIgnoreCase)
        && destinationId.Equals(otherDestination, StringComparison.OrdinalIgnoreCase);

    // A session begins with the first client.
    private MultiplexStatus Unused(SessionKey key) => MultiplexStatus.Unused(key, _clusters[key.ClusterId].Framer.Name);

    private IEnumerable<Measurement<int>> Queued() => All().SelectMany(static session => session.Queued());
}

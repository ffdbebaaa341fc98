using System.Diagnostics.Metrics;

namespace Proxy.Multiplexing;

/// <summary>
/// All sessions, by destination. It outlives revisions: a session whose destination is unchanged continues after an edit.
/// </summary>
public sealed class MultiplexRegistry : IDisposable
{
    // Guards all fields below except the services; also keeps clients from joining a session that is being removed.
    private readonly Lock _gate = new();
    private readonly Dictionary<SessionKey, MultiplexSession> _sessions = [];
    private readonly SessionDependencies _services;
    private Dictionary<string, UpstreamSettings> _clusters = new(StringComparer.OrdinalIgnoreCase);
    private HashSet<SessionKey> _configured = [];

    internal MultiplexRegistry(SessionDependencies services)
    {
        _services = services;
        services.Metrics.Observe(Queued);
        services.Metrics.ObserveMemory(Buffered);
        services.Metrics.ObserveSuspended(() => All().Select(static session => session.Suspended()));
    }

    /// <summary>The status of every configured destination, and of removed ones that still have clients.</summary>
    public IReadOnlyList<MultiplexStatus> Status => Describe(static session => session.Status());

    /// <summary>The same without clients and connections, of which there may be thousands.</summary>
    internal IReadOnlyList<MultiplexStatus> Brief => Describe(static session => session.Brief());

    /// <summary>The status of one destination.</summary>
    /// <param name="clusterId">The cluster.</param>
    /// <param name="destinationId">The destination.</param>
    /// <returns>Null if there is no such destination. If an edit has changed its address, the configured one of the two.</returns>
    public MultiplexStatus? Find(string clusterId, string destinationId) =>
        Status
            .Where(status => Is(clusterId, destinationId, status.ClusterId, status.DestinationId))
            .OrderBy(static status => status.IsRetired)
            .FirstOrDefault();

    /// <summary>Replaces the upstream connections of a destination, each after its current exchange.</summary>
    /// <param name="clusterId">The cluster.</param>
    /// <param name="destinationId">The destination.</param>
    /// <returns>Whether the destination has a session, which its first client creates.</returns>
    public bool Renew(string clusterId, string destinationId)
    {
        var found = All().Where(session => Is(clusterId, destinationId, session.Key.ClusterId, session.Key.DestinationId)).ToList();
        found.ForEach(static session => session.Renew());
        return found.Count > 0;
    }

    /// <inheritdoc />
    public void Dispose() => All().ForEach(static session => session.Stop());

    /// <summary>Applies a revision.</summary>
    /// <param name="clusters">The multiplexed clusters of the revision.</param>
    /// <exception cref="AggregateException">Some sessions could not apply it; all others have.</exception>
    internal void Apply(IReadOnlyList<MultiplexCluster> clusters)
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

    /// <summary>The settings of a cluster in the running revision; null if it has none.</summary>
    internal UpstreamSettings? SettingsOf(string clusterId)
    {
        lock (_gate)
        {
            return _clusters.GetValueOrDefault(clusterId);
        }
    }

    /// <summary>Adds a client to the session of a destination.</summary>
    /// <param name="key">The destination.</param>
    /// <param name="fallback">The settings of a cluster that the running revision does not have any more.</param>
    /// <param name="create">Creates the client's lane.</param>
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
                // The handler of an earlier revision has picked a destination that a later one removed, so no further edit would retire the
                // session.
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

    private List<MultiplexStatus> Describe(Func<MultiplexSession, MultiplexStatus> describe)
    {
        List<(MultiplexSession Session, bool IsRetired)> sessions;
        List<MultiplexStatus> unused;
        lock (_gate)
        {
            // By the configuration: while an edit is being applied, a session may not know yet that it is retired.
            sessions = [.. _sessions.Values.Select(session => (session, !_configured.Contains(session.Key)))];
            unused = [.. _configured.Where(key => !_sessions.ContainsKey(key)).Select(Unused)];
        }

        return
        [
            .. unused
                .Concat(sessions.Select(one => describe(one.Session) with { IsRetired = one.IsRetired }))
                .OrderBy(static status => status.ClusterId, StringComparer.Ordinal)
                .ThenBy(static status => status.DestinationId, StringComparer.Ordinal),
        ];
    }

    // A destination has no session before its first client.
    private MultiplexStatus Unused(SessionKey key) => MultiplexStatus.Unused(key, _clusters[key.ClusterId].Framer.Name);

    /// <summary>The bytes that messages take, by destination.</summary>
    internal IEnumerable<Measurement<long>> Buffered() => All().Select(static session => session.Buffered());

    private IEnumerable<Measurement<int>> Queued() => All().SelectMany(static session => session.Queued());
}

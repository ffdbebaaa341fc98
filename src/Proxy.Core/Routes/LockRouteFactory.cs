using Microsoft.AspNetCore.Connections;
using Proxy.Admission;
using Proxy.Clusters;
using Proxy.Configuration;
using Proxy.Configuration.Locking;
using Proxy.Configuration.Routes;
using Proxy.Forwarding;
using Proxy.Hooks;
using Proxy.Locking;
using Yarp.ReverseProxy;

namespace Proxy.Routes;

/// <summary>Builds routes with Mode Lock. Their queues survive edits.</summary>
internal sealed class LockRouteFactory(
    LockRegistry locks,
    HookListFactory hooks,
    Dialer dialer,
    IProxyStateLookup clusters,
    Limiters limiters,
    ForwardDependencies forwarding
) : IRouteFactory
{
    private readonly LockRegistry _locks = locks;

    public bool Builds(TcpRouteConfig route) => route is { Connector: null, Mode: TcpMode.Lock };

    public IRouteSet Begin(Revision revision) => new Routes(this, revision);

    private LockSettings Settings(LockConfig config, TimeSpan idleTimeout, LockedCluster service) =>
        new()
        {
            Permits = config.Permits,
            WhenEngineLost = config.WhenEngineLost,
            QueueLimit = config.QueueLimit,
            QueueTimeout = config.QueueTimeout,
            MaxHold = config.MaxHold,
            ReleaseDelay = config.ReleaseDelay,
            DropQueued = config.DropQueued,
            ActivateOn = config.ActivateOn,
            IdleTimeout = idleTimeout,
            ProceedsOnHookFailure = config.OnHookFailure == HookFailureAction.Proceed,
            OnActivate = hooks.Create(config.OnActivate),
            OnTimeout = hooks.Create(config.OnTimeout),
            OnRelease = hooks.Create(config.OnRelease),
            Service = service,
        };

    private LockedCluster Service(string id, TcpRouteConfig route, Revision revision)
    {
        var options = RouteSettings.Forward(route, limiters.OfRoute(id));
        return new(
            dialer,
            RouteSettings.Target(route, revision, clusters),
            options with
            {
                ClientMayHaveGone = true,
                Deadlines = options.Deadlines with { EndsUpstreamAtOnce = true }, // the next client is admitted then
            },
            forwarding
        );
    }

    private sealed class Routes(LockRouteFactory factory, Revision revision) : IRouteSet
    {
        private readonly List<LockReservation> _reserved = [];

        public ConnectionDelegate Build(string id, TcpRouteConfig route)
        {
            var config = route.Lock ?? new();
            var settings = factory.Settings(config, route.IdleTimeout, factory.Service(id, route, revision));
            var reserved = factory._locks.Reserve(id, config.Scope.ToString(), settings);
            _reserved.Add(reserved);
            return reserved.Middleware.OnConnectionAsync;
        }

        public void Commit() => factory._locks.Apply(_reserved);

        public void GiveUp() => factory._locks.GiveUp(_reserved);
    }
}

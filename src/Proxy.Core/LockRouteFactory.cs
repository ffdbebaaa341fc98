using Proxy.Clusters;
using Proxy.Configuration;
using Proxy.Diagnostics;
using Proxy.Forwarding;
using Proxy.Hooks;
using Proxy.Locking;

namespace Proxy;

/// <summary>Makes what a revision's Lock routes run, and closes the locks that it does not have any more.</summary>
internal sealed class LockRouteFactory(LockRegistry locks, HookListFactory hooks, Dialer dialer, ForwardServices forwarding)
{
    /// <summary>Lets the locks follow a revision.</summary>
    public void Use(Revision revision) =>
        locks.Retain([
            .. revision.Config.ReverseProxy.TcpRoutes.Where(static pair => pair.Value.Mode == TcpMode.Lock).Select(static pair => pair.Key),
        ]);

    /// <summary>What a route's connections run, after <see cref="Use"/>.</summary>
    public LockMiddleware Create(string id, TcpRouteConfig route, Func<ConnectionRecord, ClusterEndPoint> target, ForwardOptions options)
    {
        var config = route.Lock ?? new();
        var service = new LockedCluster(dialer, target, options with { ClientMayHaveGone = true }, forwarding);
        return locks.Use(id, config.Scope.ToString(), Settings(config, service));
    }

    private LockSettings Settings(LockConfig config, LockedCluster service) =>
        new()
        {
            Permits = config.Permits,
            QueueLimit = config.QueueLimit,
            QueueTimeout = config.QueueTimeout,
            MaxHold = config.MaxHold,
            ReleaseDelay = config.ReleaseDelay,
            DropQueued = config.DropQueued,
            ProceedsOnHookFailure = config.OnHookFailure == HookFailureAction.Proceed,
            OnActivate = hooks.Create(config.OnActivate),
            OnTimeout = hooks.Create(config.OnTimeout),
            OnRelease = hooks.Create(config.OnRelease),
            Service = service,
        };
}

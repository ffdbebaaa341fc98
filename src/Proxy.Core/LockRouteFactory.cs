using Proxy.Configuration;
using Proxy.Connections;
using Proxy.Forwarding;
using Proxy.Hooks;
using Proxy.Locking;

namespace Proxy;

/// <summary>Makes what a revision's Lock routes run, and closes the locks that it does not have any more.</summary>
internal sealed class LockRouteFactory(LockRegistry locks, HookListFactory hooks, UpstreamDialer dialer, Relay relay, Random random)
{
    /// <summary>Lets the locks follow a revision.</summary>
    public void Use(Revision revision) =>
        locks.Retain([
            .. revision.Config.ReverseProxy.TcpRoutes.Where(static pair => pair.Value.Mode == TcpMode.Lock).Select(static pair => pair.Key),
        ]);

    /// <summary>What a route's connections run, after <see cref="Use"/>.</summary>
    public LockMiddleware Create(string id, TcpRouteConfig route, ForwardSettings forward)
    {
        var config = route.Lock ?? new();
        var service = new LockedCluster(forward, new ForwardHandler(forward, dialer, relay, random), dialer);
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

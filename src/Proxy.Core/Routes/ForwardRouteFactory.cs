using Microsoft.AspNetCore.Connections;
using Proxy.Admission;
using Proxy.Clusters;
using Proxy.Configuration;
using Proxy.Configuration.Routes;
using Proxy.Diagnostics;
using Proxy.Forwarding;
using Yarp.ReverseProxy;

namespace Proxy.Routes;

/// <summary>Builds routes with Mode Forward.</summary>
internal sealed class ForwardRouteFactory(Dialer dialer, IProxyStateLookup clusters, Limiters limiters, ForwardDependencies forwarding)
    : IRouteFactory
{
    public bool Builds(TcpRouteConfig route) => route is { Connector: null, Mode: TcpMode.Forward };

    public IRouteSet Begin(Revision revision) => new StatelessRoutes((id, route) => Build(id, route, revision));

    private ConnectionDelegate Build(string id, TcpRouteConfig route, Revision revision)
    {
        var target = RouteSettings.Target(route, revision, clusters);
        return new ForwardHandler(
            dialer,
            client => target(ConnectionRecord.Of(client)),
            RouteSettings.Forward(route, limiters.OfRoute(id)),
            forwarding
        ).OnConnectedAsync;
    }
}

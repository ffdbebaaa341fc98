using Microsoft.AspNetCore.Connections;
using Proxy.Clusters;
using Proxy.Configuration;
using Proxy.Configuration.Routes;
using Proxy.Diagnostics;
using Proxy.Forwarding;
using Yarp.ReverseProxy;

namespace Proxy.Routes;

/// <summary>Builds routes with Mode Forward.</summary>
internal sealed class ForwardRouteFactory(Dialer dialer, IProxyStateLookup clusters, ForwardDependencies forwarding) : IRouteFactory
{
    public bool Builds(TcpRouteConfig route) => route is { Connector: null, Mode: TcpMode.Forward };

    public IRouteSet Begin(Revision revision) => new StatelessRoutes(route => Build(route, revision));

    private ConnectionDelegate Build(TcpRouteConfig route, Revision revision)
    {
        var target = RouteSettings.Target(route, revision, clusters);
        return new ForwardHandler(
            dialer,
            client => target(ConnectionRecord.Of(client)),
            RouteSettings.Forward(route),
            forwarding
        ).OnConnectedAsync;
    }
}

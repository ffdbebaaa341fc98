using Proxy.Admission;
using Proxy.Channels;
using Proxy.Configuration;
using Proxy.Configuration.Routes;

namespace Proxy.Routes;

/// <summary>Builds routes that name a connector: a channel connects their clients to a member that serves it.</summary>
internal sealed class ConnectorRouteFactory(CallPipelines channels, Limiters limiters) : IRouteFactory
{
    public bool Builds(TcpRouteConfig route) => route.Connector is not null;

    public IRouteSet Begin(Revision revision) =>
        new StatelessRoutes((id, route) => channels.OfRoute(route.Connector!, RouteSettings.Forward(route, limiters.OfRoute(id))));
}

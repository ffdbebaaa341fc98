using Proxy.Admission;
using Proxy.Configuration;
using Proxy.Configuration.Routes;
using Proxy.Handover;

namespace Proxy.Routes;

/// <summary>Builds routes with Mode Http.</summary>
internal sealed class HttpRouteFactory(Limiters limiters, HandoverDependencies handover) : IRouteFactory
{
    public bool Builds(TcpRouteConfig route) => route is { Connector: null, Mode: TcpMode.Http };

    public IRouteSet Begin(Revision revision) =>
        new StatelessRoutes(
            (id, route) =>
                new HandoverHandler(
                    new(
                        RouteSettings.Relay(route) with
                        {
                            Bandwidth = limiters.OfRoute(id).Bandwidth,
                        },
                        route.DrainTimeout,
                        RouteSettings.KeepAlive(route),
                        ServedNames.Of(route)
                    ),
                    handover
                ).OnConnectedAsync
        );
}

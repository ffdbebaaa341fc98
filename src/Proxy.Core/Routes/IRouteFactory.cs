using Proxy.Configuration;
using Proxy.Configuration.Routes;

namespace Proxy.Routes;

/// <summary>Builds the pipelines of one kind of route: of a mode, or of routes that name a connector.</summary>
internal interface IRouteFactory
{
    /// <summary>Whether a route is of this kind; each route is of exactly one.</summary>
    bool Builds(TcpRouteConfig route);

    /// <summary>Starts to build the routes of a revision. Called for every revision, even for one without such routes.</summary>
    IRouteSet Begin(Revision revision);
}

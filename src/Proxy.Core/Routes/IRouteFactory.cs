using Proxy.Configuration;
using Proxy.Configuration.Routes;

namespace Proxy.Routes;

/// <summary>Builds what the connections of one kind of route run: of a mode, or of routes that name a connector.</summary>
internal interface IRouteFactory
{
    /// <summary>Whether a route is of this kind; each is of exactly one.</summary>
    bool Builds(TcpRouteConfig route);

    /// <summary>Begins the routes of a revision. It is called for every revision, also for one that has no such route.</summary>
    IRouteSet Begin(Revision revision);
}

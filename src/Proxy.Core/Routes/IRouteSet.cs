using Microsoft.AspNetCore.Connections;
using Proxy.Configuration.Routes;

namespace Proxy.Routes;

/// <summary>The routes of one kind in a revision that does not run yet. Building them does not affect the running revision.</summary>
internal interface IRouteSet : IRevisionPart
{
    /// <summary>Builds the pipeline of a route.</summary>
    ConnectionDelegate Build(string id, TcpRouteConfig route);
}

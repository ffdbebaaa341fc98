using Microsoft.AspNetCore.Connections;
using Proxy.Configuration.Routes;

namespace Proxy.Routes;

/// <summary>Routes without state that survives edits, apart from their open connections.</summary>
internal sealed class StatelessRoutes(Func<TcpRouteConfig, ConnectionDelegate> build) : IRouteSet
{
    public ConnectionDelegate Build(string id, TcpRouteConfig route) => build(route);

    public void Commit() { }

    public void GiveUp() { }
}

using Microsoft.AspNetCore.Connections;
using Proxy.Configuration.Routes;

namespace Proxy.Routes;

/// <summary>Routes without state that survives edits, apart from their open connections.</summary>
internal sealed class StatelessRoutes(Func<string, TcpRouteConfig, ConnectionDelegate> build) : IRouteSet
{
    public ConnectionDelegate Build(string id, TcpRouteConfig route) => build(id, route);

    public void Commit() { }

    public void GiveUp() { }
}

using Microsoft.AspNetCore.Connections;
using Proxy.Configuration.Routes;

namespace Proxy.Routes;

/// <summary>The routes of one kind in a revision that does not run yet. Building them does not affect the running revision.</summary>
internal interface IRouteSet
{
    /// <summary>Builds the pipeline of a route.</summary>
    ConnectionDelegate Build(string id, TcpRouteConfig route);

    /// <summary>Called when the revision runs, to update what survives edits. Called once, and not after <see cref="GiveUp"/>.</summary>
    void Commit();

    /// <summary>Called when the revision is not going to run, to release what was built.</summary>
    void GiveUp();
}

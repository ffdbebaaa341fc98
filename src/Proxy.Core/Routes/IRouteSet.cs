using Microsoft.AspNetCore.Connections;
using Proxy.Configuration.Routes;

namespace Proxy.Routes;

/// <summary>The routes of one kind in a revision that does not run yet. Building them changes nothing for what runs.</summary>
internal interface IRouteSet
{
    /// <summary>Builds what a route's connections run.</summary>
    ConnectionDelegate Build(string id, TcpRouteConfig route);

    /// <summary>Lets what outlives edits follow: the revision runs. Called once, and not after <see cref="GiveUp"/>.</summary>
    void Use();

    /// <summary>Gives back what was built: the revision does not run.</summary>
    void GiveUp();
}

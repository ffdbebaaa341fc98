using Microsoft.AspNetCore.Connections;
using Proxy.Configuration.Tls;
using Proxy.Diagnostics;
using Proxy.Tls.Termination;

namespace Proxy.Routes;

/// <summary>The pipeline of a route.</summary>
/// <param name="Whole">All of it: limits, termination of TLS if there is any, the mode.</param>
/// <param name="Mode">The same without TLS, for clients whose TLS was terminated before the route was chosen.</param>
/// <param name="Terminator">Terminates TLS; null if the route does not.</param>
/// <param name="Tls">How it is terminated.</param>
/// <param name="Routed">Records that the route was chosen for a connection.</param>
internal sealed record RoutePipeline(
    ConnectionDelegate Whole,
    ConnectionDelegate Mode,
    TlsTerminator? Terminator,
    RouteTlsConfig? Tls,
    Action<ConnectionRecord> Routed
);

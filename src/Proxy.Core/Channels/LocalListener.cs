using System.Net;
using Microsoft.AspNetCore.Connections;

namespace Proxy.Channels;

/// <summary>Binds an address and runs a pipeline on what is accepted there; the root gives it, for listeners are its own.</summary>
/// <param name="address">The address.</param>
/// <param name="pipeline">What runs on each connection.</param>
/// <param name="cancellationToken">Ends the attempt.</param>
/// <returns>The listener.</returns>
internal delegate Task<ILocalListener> LocalListener(IPEndPoint address, ConnectionDelegate pipeline, CancellationToken cancellationToken);

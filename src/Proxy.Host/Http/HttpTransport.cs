using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Proxy.Connections;
using Proxy.Listeners;

namespace Proxy.Host.Http;

/// <summary>
/// Wraps Kestrel's socket transport: bind errors name the address, accepting pauses for lack of descriptors, and listeners can be closed before
/// Kestrel stops.
/// </summary>
internal sealed class HttpTransport(SocketTransportFactory inner, Resources resources, TimeProvider time, ILogger<HttpTransport> logger)
    : IConnectionListenerFactory,
        IConnectionListenerFactorySelector
{
    private readonly ConcurrentBag<IConnectionListener> _proxied = [];

    public bool CanBind(EndPoint endpoint) => inner.CanBind(endpoint);

    public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        try
        {
            var isAdmin = endpoint is AdminAddress;
            var listener = new GatedListener(
                await inner.BindAsync(endpoint, cancellationToken),
                isAdmin ? resources.MayAcceptAdmin : resources.MayAccept,
                time,
                logger,
                isAdmin ? null : resources.CountHttp
            );
            if (!isAdmin)
            {
                _proxied.Add(listener);
            }

            return listener;
        }
        catch (SocketException exception)
        {
            // Not an IOException: for "localhost" and "any" addresses, Kestrel tries the other IP version only after other exceptions.
            throw new HttpBindException($"HTTP endpoint {new BindException(endpoint.ToString() ?? "", exception).Message}", exception);
        }
    }

    /// <summary>Closes all listeners except those of the admin endpoint; open connections are kept.</summary>
    public async Task UnbindAsync(CancellationToken cancellationToken)
    {
        foreach (var listener in _proxied)
        {
            await listener.UnbindAsync(cancellationToken);
        }
    }
}

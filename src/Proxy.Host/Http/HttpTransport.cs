using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Proxy.Listeners;

namespace Proxy.Host.Http;

/// <summary>Kestrel's own transport, whose failures name the address.</summary>
internal sealed class NamingTransport(SocketTransportFactory inner) : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    public bool CanBind(EndPoint endpoint) => inner.CanBind(endpoint);

    public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        try
        {
            return await inner.BindAsync(endpoint, cancellationToken);
        }
        catch (SocketException exception)
        {
            // No IOException: with localhost and any Kestrel goes on with the other IP version after others only.
            throw new HttpBindException($"HTTP endpoint {new BindException(endpoint.ToString() ?? "", exception).Message}", exception);
        }
    }
}

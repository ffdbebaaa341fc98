using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Proxy.Channels;
using Proxy.Connections;
using Proxy.Listeners;

namespace Proxy;

/// <summary>Lends listeners to channels, whose addresses come and go with members.</summary>
internal sealed class LocalListeners(IConnectionListenerFactory factory, TimeProvider time, ILogger<LocalListeners> logger)
{
    public async Task<ILocalListener> BindAsync(IPEndPoint address, ConnectionDelegate pipeline, CancellationToken cancellationToken)
    {
        var listener = new Listener(
            await factory.BindAsync(new ListenEndPoint(address), cancellationToken),
            address.ToString(),
            time,
            logger
        );
        listener.Use(pipeline, ListenEndPoint.DefaultBacklog, inOrder: false);
        return new Lent(listener);
    }

    private sealed class Lent(Listener listener) : ILocalListener
    {
        public IPEndPoint Address => (IPEndPoint)listener.EndPoint;

        public async ValueTask DisposeAsync() => await listener.RetireAsync();
    }
}

using System.Net;
using Microsoft.AspNetCore.Connections;

namespace Proxy.Handover;

/// <summary>Lets Kestrel accept from a queue.</summary>
internal sealed class HandoverListenerFactory : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    public bool CanBind(EndPoint endpoint) => endpoint is HandoverEndPoint;

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
        new(new Listener((HandoverEndPoint)endpoint));

    private sealed class Listener(HandoverEndPoint endPoint) : IConnectionListener
    {
        public EndPoint EndPoint => endPoint;

        public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default) =>
            await endPoint.Queue.TakeAsync(cancellationToken);

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
        {
            endPoint.Queue.Close();
            return default;
        }

        public ValueTask DisposeAsync() => UnbindAsync();
    }
}

using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace Proxy.Connections;

/// <summary>Another transport, whose listeners accept only while <see cref="Resources"/> allows it.</summary>
internal sealed class GatedListenerFactory(IConnectionListenerFactory inner, ILogger logger)
    : IConnectionListenerFactory,
        IConnectionListenerFactorySelector
{
    public bool CanBind(EndPoint endpoint) => inner is not IConnectionListenerFactorySelector selector || selector.CanBind(endpoint);

    public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
        new GatedListener(await inner.BindAsync(endpoint, cancellationToken), Resources.OfProcess.MayAccept, TimeProvider.System, logger);
}

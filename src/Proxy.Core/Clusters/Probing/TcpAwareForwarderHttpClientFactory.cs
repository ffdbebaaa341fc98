using Proxy.Connections;
using Yarp.ReverseProxy.Forwarder;

namespace Proxy.Clusters.Probing;

/// <summary>YARP's client factory, with clients that check <c>tcp:</c> and <c>unix:</c> destinations by connecting.</summary>
internal sealed class TcpAwareForwarderHttpClientFactory(AddressRace race) : ForwarderHttpClientFactory
{
    /// <inheritdoc />
    protected override void ConfigureHandler(ForwarderHttpClientContext context, SocketsHttpHandler handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        base.ConfigureHandler(context, handler);
        handler.ConnectCallback ??= GatedConnect.ConnectAsync; // one client of HTTP/2 may need a connection per request
    }

    /// <inheritdoc />
    protected override HttpMessageHandler WrapHandler(ForwarderHttpClientContext context, HttpMessageHandler handler) =>
        new ConnectProbeHandler(race, base.WrapHandler(context, handler));
}

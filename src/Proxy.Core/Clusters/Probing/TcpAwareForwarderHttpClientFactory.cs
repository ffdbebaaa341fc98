using System.Net.Sockets;
using Proxy.Configuration.Clusters;
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
        handler.ConnectCallback ??= ConnectAsync;
    }

    /// <inheritdoc />
    protected override HttpMessageHandler WrapHandler(ForwarderHttpClientContext context, HttpMessageHandler handler) =>
        new ConnectProbeHandler(race, HeaderOf(context.NewMetadata), base.WrapHandler(context, handler));

    /// <inheritdoc />
    protected override bool CanReuseOldClient(ForwarderHttpClientContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return base.CanReuseOldClient(context) && HeaderOf(context.OldMetadata) == HeaderOf(context.NewMetadata);
    }

    private static ProxyProtocolVersion HeaderOf(IReadOnlyDictionary<string, string>? metadata) =>
        Enum.TryParse<ProxyProtocolVersion>(metadata?.GetValueOrDefault(TcpClusterConfig.HeaderMetadata), out var version)
            ? version
            : ProxyProtocolVersion.None;

    // As SocketsHttpHandler connects by itself, if there is a descriptor for it: one client of HTTP/2 may need a connection per request.
    private static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        Resources.OfProcess.BeforeDial();
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}

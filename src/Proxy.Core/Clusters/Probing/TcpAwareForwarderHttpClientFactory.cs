using System.Net.Sockets;
using Proxy.Clusters.Resolution;
using Proxy.Configuration.Clusters;
using Proxy.Configuration.Tls;
using Proxy.Connections;
using Yarp.ReverseProxy.Forwarder;

namespace Proxy.Clusters.Probing;

/// <summary>
/// YARP's client factory, with clients that check <c>tcp:</c> and <c>unix:</c> destinations by connecting, and that resolve names like TCP
/// routes do.
/// </summary>
internal sealed class TcpAwareForwarderHttpClientFactory(AddressRace race, ConnectionOpening opening, DestinationResolver resolver)
    : ForwarderHttpClientFactory
{
    private static readonly TimeSpan _dnsRefresh = new TcpClusterConfig().DnsRefresh;

    /// <inheritdoc />
    protected override void ConfigureHandler(ForwarderHttpClientContext context, SocketsHttpHandler handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        base.ConfigureHandler(context, handler);
        handler.ConnectCallback ??= ConnectAsync;
    }

    /// <inheritdoc />
    protected override HttpMessageHandler WrapHandler(ForwarderHttpClientContext context, HttpMessageHandler handler) =>
        new ConnectProbeHandler(
            race,
            opening,
            context.ClusterId,
            new() { SendProxyProtocol = HeaderOf(context.NewMetadata), Tls = ClusterTlsConfig.Parse(TlsOf(context.NewMetadata)) },
            Probe.Of(context.NewMetadata),
            base.WrapHandler(context, handler)
        );

    /// <inheritdoc />
    protected override bool CanReuseOldClient(ForwarderHttpClientContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return base.CanReuseOldClient(context)
            && HeaderOf(context.OldMetadata) == HeaderOf(context.NewMetadata)
            && TlsOf(context.OldMetadata) == TlsOf(context.NewMetadata)
            && !Probe.Differs(context.OldMetadata, context.NewMetadata);
    }

    private static string? TlsOf(IReadOnlyDictionary<string, string>? metadata) =>
        metadata?.GetValueOrDefault(TcpClusterConfig.TlsMetadata);

    private static ProxyProtocolVersion HeaderOf(IReadOnlyDictionary<string, string>? metadata) =>
        Enum.TryParse<ProxyProtocolVersion>(metadata?.GetValueOrDefault(TcpClusterConfig.HeaderMetadata), out var version)
            ? version
            : ProxyProtocolVersion.None;

    // Asks the gate, since one client of HTTP/2 may need a connection per request. SocketsHttpHandler itself resolves names on the thread
    // pool: DNS that hangs would take its threads, and stop the admin endpoint, too.
    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var name = context.DnsEndPoint;
        var endPoints = await resolver.ResolveAsync(name.Host, name.Port, _dnsRefresh, cancellationToken);
        for (var i = 0; ; i++)
        {
            try
            {
                return await GatedConnect.ConnectHttpAsync(endPoints[i], Resources.OfProcess, cancellationToken);
            }
            catch (SocketException) when (i + 1 < endPoints.Count)
            {
                // The next address may answer.
            }
        }
    }
}

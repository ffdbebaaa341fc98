using System.Net;
using System.Net.Sockets;
using Proxy.Configuration.Clusters;

namespace Proxy.Clusters.Probing;

/// <summary>
/// Answers active checks of TCP destinations by connecting, with the header and the TLS that the destinations of the cluster expect, and by what the
/// cluster's probe sends and expects; checks over HTTP pass unchanged.
/// </summary>
/// <param name="race">Connects.</param>
/// <param name="opening">Sends the header and begins TLS.</param>
/// <param name="clusterId">The cluster.</param>
/// <param name="settings">The header, and how TLS begins.</param>
/// <param name="probe">What follows; null for nothing.</param>
/// <param name="inner">Makes checks over HTTP.</param>
internal sealed class ConnectProbeHandler(
    AddressRace race,
    ConnectionOpening opening,
    string clusterId,
    TcpClusterConfig settings,
    Probe? probe,
    HttpMessageHandler inner
) : DelegatingHandler(inner)
{
    private static readonly TimeSpan _longest = TimeSpan.FromMinutes(5);

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (request.RequestUri is not { Scheme: "tcp" or "unix" } uri)
        {
            return await base.SendAsync(request, cancellationToken);
        }

        try
        {
            // YARP appends a path to tcp://. The timeout of the check cancels the token.
            var address = uri.Scheme == "unix" ? $"unix:{Uri.UnescapeDataString(uri.AbsolutePath)}" : $"tcp://{uri.Authority}";
            var socket = await race.ConnectAsync(address, _longest, TimeSpan.FromSeconds(30), cancellationToken);
            await using var connection = await opening.OpenAsync(socket, address, clusterId, settings, null, _longest, cancellationToken);
            if (probe is not null)
            {
                await probe.RunAsync(connection, cancellationToken);
            }

            return new HttpResponseMessage(HttpStatusCode.OK) { RequestMessage = request };
        }
        catch (Exception exception) when (exception is SocketException or IOException)
        {
            throw new HttpRequestException(HttpRequestError.ConnectionError, exception.Message, exception);
        }
    }
}

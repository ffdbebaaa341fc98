using System.Net;
using System.Net.Sockets;
using Proxy.Configuration.Clusters;
using Proxy.ProxyProtocol;

namespace Proxy.Clusters.Probing;

/// <summary>
/// Answers active checks of TCP destinations by connecting, with the header that the destinations of the cluster expect, and by what the cluster's probe
/// sends and expects; checks over HTTP pass unchanged.
/// </summary>
internal sealed class ConnectProbeHandler(AddressRace race, ProxyProtocolVersion header, Probe? probe, HttpMessageHandler inner)
    : DelegatingHandler(inner)
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
            await using var connection = await race.ConnectAsync(address, _longest, TimeSpan.FromSeconds(30), cancellationToken);
            await ProxyHeaderSender.SendLocalAsync(connection, header, cancellationToken);
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

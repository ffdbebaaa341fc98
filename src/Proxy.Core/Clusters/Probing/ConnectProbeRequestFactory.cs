using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.Model;

namespace Proxy.Clusters.Probing;

/// <summary>
/// Creates the requests of active checks of unix sockets, whose addresses YARP's own factory rejects; leaves all others to that factory.
/// </summary>
internal sealed class ConnectProbeRequestFactory(IProbingRequestFactory inner) : IProbingRequestFactory
{
    private const string Scheme = "unix:";

    public HttpRequestMessage CreateRequest(ClusterModel cluster, DestinationModel destination)
    {
        var address = string.IsNullOrEmpty(destination.Config.Health) ? destination.Config.Address : destination.Config.Health;
        return address.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
            ? new HttpRequestMessage(HttpMethod.Get, ToUri(address[Scheme.Length..]))
            : inner.CreateRequest(cluster, destination);
    }

    private static Uri ToUri(string path) => new($"unix://{string.Join('/', path.Split('/').Select(Uri.EscapeDataString))}");
}

using Proxy.Configuration.Reading;
using Proxy.Configuration.Tls;

namespace Proxy.Configuration.Clusters;

/// <summary>Checks that there is a name which the certificates of a cluster's destinations can be verified for.</summary>
internal static class TlsNameValidator
{
    public static void Check(ClusterTlsConfig tls, ClusterSection cluster, string path, ProblemList problems)
    {
        if (tls.ServerName is not null || tls.AllowInvalid)
        {
            return;
        }

        var place = $"{path}:Tcp:Tls:ServerName";
        if (cluster.Connector is not null)
        {
            problems.Consequence(
                place,
                "is required, since the destinations are local addresses of members, which no certificate has; write the name that the certificates of the members have.",
                $"{path}:Connector"
            );
        }
        else if (cluster.Destinations.FirstOrDefault(static one => IsUnix(one.Value)) is { Key: { } id })
        {
            problems.Consequence(
                place,
                $"is required, since destination '{id}' is a unix socket, which has no name; write the name that its certificate has.",
                $"{path}:Destinations"
            );
        }
    }

    private static bool IsUnix(DestinationSection destination) =>
        destination.Address.StartsWith("unix:", StringComparison.OrdinalIgnoreCase);
}

using System.CommandLine;
using Proxy.Host.Hosting;

namespace Proxy.Host.Cli.Remote;

/// <summary>A destination on the command line: <c>CLUSTER/DESTINATION</c>.</summary>
internal static class DestinationId
{
    public static Argument<string> Argument() =>
        new("ID") { Description = "The destination: CLUSTER/DESTINATION, as in 'proxy destinations'." };

    /// <summary>For commands that may be about something else.</summary>
    public static Argument<string?> OptionalArgument() =>
        new("ID") { Description = "The destination: CLUSTER/DESTINATION, as in 'proxy destinations'.", Arity = ArgumentArity.ZeroOrOne };

    /// <exception cref="AdminException">The text is not the id of a destination.</exception>
    public static (string Cluster, string Destination) Split(string id) =>
        id.IndexOf('/', StringComparison.Ordinal) is var slash and > 0 && slash < id.Length - 1
            ? (id[..slash], id[(slash + 1)..])
            : throw new AdminException(
                $"'{id}' is not the id of a destination; write CLUSTER/DESTINATION, as 'proxy destinations' shows it.",
                ExitCode.BadInput
            );

    /// <summary>The path of a destination in the API.</summary>
    /// <exception cref="AdminException">The text is not the id of a destination.</exception>
    public static string Path(string id)
    {
        var (cluster, destination) = Split(id);
        return $"api/clusters/{Uri.EscapeDataString(cluster)}/destinations/{Uri.EscapeDataString(destination)}";
    }
}

using System.CommandLine;
using Proxy.Configuration.Host;
using Proxy.Host.Cli.Remote;

namespace Proxy.Host.Cli.Checking;

/// <summary>
/// Finds the host that runs a configuration already, by the configuration's own admin address: its addresses are in use because it runs, which
/// is no error of the configuration.
/// </summary>
internal static class OwnHost
{
    /// <summary>The running host; null if none answers at the address, or it does not answer like one.</summary>
    public static async Task<RunningHost?> FindAsync(
        AdminOptions options,
        ParseResult parsed,
        AdminConfig? admin,
        IConfiguration configuration,
        CancellationToken cancellationToken
    )
    {
        // An address with port 0 is not known.
        if (admin is null || !Uri.TryCreate(admin.Url, UriKind.Absolute, out var url) || url.Port == 0)
        {
            return null;
        }

        try
        {
            using var host = options.Connect(parsed, Reachable(url), admin.Token);
            return await RunningHost.CompareAsync(host, configuration, cancellationToken);
        }
        catch (AdminException)
        {
            return null; // then the probe binds every address, and says which are in use
        }
    }

    private static string Reachable(Uri url) =>
        url.Host is "0.0.0.0" or "*" or "[::]"
            ? new UriBuilder(url) { Host = "localhost" }
                .Uri
                .AbsoluteUri
            : url.AbsoluteUri;
}

using System.CommandLine;
using Proxy.Host.Hosting;

namespace Proxy.Host.Cli;

/// <summary>Builds a configuration of one route and one destination from command-line options, and runs a host with it.</summary>
internal sealed class OneRoute(string name, string listen, string address)
{
    private const string MessageTrace = "Proxy.Multiplexing.MessageTrace";
    private readonly Dictionary<string, string?> _values = new()
    {
        [$"ReverseProxy:TcpRoutes:{name}:Listen"] = listen,
        [$"ReverseProxy:TcpRoutes:{name}:ClusterId"] = name,
        [$"ReverseProxy:Clusters:{name}:Destinations:to:Address"] = address,
    };

    public static Option<string?> AdminOption() =>
        new("--admin")
        {
            Description = "The URL of an admin endpoint, such as http://127.0.0.1:9099. Without it there is no admin endpoint.",
        };

    /// <summary>Sets a configuration key of the route.</summary>
    public void Set(string key, string? value) => _values[$"ReverseProxy:TcpRoutes:{name}:{key}"] = value;

    /// <summary>Sets a configuration key of the cluster.</summary>
    public void SetCluster(string key, string? value) => _values[$"ReverseProxy:Clusters:{name}:{key}"] = value;

    /// <param name="adminUrl">The URL of the admin endpoint; null for no admin endpoint.</param>
    /// <param name="trace">Whether every multiplexed message is logged.</param>
    public Task<int> RunAsync(string? adminUrl, bool trace = false)
    {
        if (trace)
        {
            _values[$"Logging:LogLevel:{MessageTrace}"] = nameof(LogLevel.Trace);
        }

        if (adminUrl is not null)
        {
            _values["Admin:Url"] = adminUrl;
        }

        return HostRunner.RunAsync(new ConfigurationBuilder().AddInMemoryCollection(_values), new WebApplicationOptions());
    }
}

using System.CommandLine;
using Proxy.Host.Hosting;

namespace Proxy.Host.Cli;

/// <summary>A configuration of one route and one destination, made of options: no file, no HTTP, no demo.</summary>
internal sealed class OneRoute(string name, string listen, string address)
{
    private const string MessageTrace = "Proxy.Multiplexing.MessageTrace";
    private readonly Dictionary<string, string?> _values = new()
    {
        [$"ReverseProxy:TcpRoutes:{name}:Listen"] = listen,
        [$"ReverseProxy:TcpRoutes:{name}:ClusterId"] = name,
        [$"ReverseProxy:Clusters:{name}:Destinations:to:Address"] = address,
    };

    public static Option<string?> AdminOption() => new("--admin") { Description = "An admin endpoint, http://127.0.0.1:9099 say." };

    /// <summary>Sets a key of the route.</summary>
    public void Set(string key, string? value) => _values[$"ReverseProxy:TcpRoutes:{name}:{key}"] = value;

    /// <summary>Sets a key of the cluster.</summary>
    public void SetCluster(string key, string? value) => _values[$"ReverseProxy:Clusters:{name}:{key}"] = value;

    /// <param name="adminUrl">Where the admin endpoint is to be; null for none.</param>
    /// <param name="trace">Whether every message that is multiplexed is shown.</param>
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

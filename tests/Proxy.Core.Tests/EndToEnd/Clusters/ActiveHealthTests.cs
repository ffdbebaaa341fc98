using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Proxy.Core.Tests.Clusters;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.Model;

namespace Proxy.Core.Tests.EndToEnd.Clusters;

/// <summary>YARP's own monitor probes TCP destinations by connecting.</summary>
public sealed class ActiveHealthTests : IDisposable
{
    private readonly ServiceProvider _services = CreateServices();

    [Theory]
    [InlineData(false, "")]
    [InlineData(true, "")]
    [InlineData(true, "a b%20?#")]
    public async Task CheckHealth_DestinationGoes_UnhealthyUntilItIsBack(bool unix, string name)
    {
        var path = Loopback.NewUnixPath(name);
        var server = unix ? Loopback.ListenUnix(path) : Loopback.Listen();
        var end = server.LocalEndPoint!;
        var cluster = Cluster(unix ? $"unix:{path}" : server.Address());

        Assert.Equal(DestinationHealth.Healthy, await ProbeAsync(cluster));
        server.Dispose();
        File.Delete(path);
        Assert.Equal(DestinationHealth.Unhealthy, await ProbeAsync(cluster));
        using var again = new Socket(end.AddressFamily, SocketType.Stream, unix ? ProtocolType.Unspecified : ProtocolType.Tcp);
        again.Bind(end);
        again.Listen();

        Assert.Equal(DestinationHealth.Healthy, await ProbeAsync(cluster));
        File.Delete(path);
    }

    public void Dispose() => _services.Dispose();

    private async Task<DestinationHealth> ProbeAsync(ClusterState cluster)
    {
        await _services.GetRequiredService<IActiveHealthCheckMonitor>().CheckHealthAsync([cluster]);
        return cluster.Destination("a").Health.Active;
    }

    private ClusterState Cluster(string address)
    {
        var config = new ClusterConfig
        {
            ClusterId = "cluster",
            Destinations = new Dictionary<string, DestinationConfig> { ["a"] = new() { Address = address } },
            HealthCheck = new()
            {
                Active = new() { Enabled = true, Policy = "ConsecutiveFailures" },
            },
            Metadata = new Dictionary<string, string> { ["ConsecutiveFailuresHealthPolicy.Threshold"] = "1" },
        };
        var context = new ForwarderHttpClientContext { ClusterId = "cluster", NewConfig = HttpClientConfig.Empty };
        return TestCluster.Create(config, _services.GetRequiredService<IForwarderHttpClientFactory>().CreateClient(context));
    }

    private static ServiceProvider CreateServices()
    {
        var services = new ServiceCollection().AddLogging();
        services.AddTcpProxy();
        return services.BuildServiceProvider();
    }
}

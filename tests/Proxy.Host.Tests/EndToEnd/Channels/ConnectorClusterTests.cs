using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Yarp.ReverseProxy;
using Yarp.ReverseProxy.Configuration;

namespace Proxy.Host.Tests.EndToEnd.Channels;

/// <summary>A connector as a cluster, when YARP rejects its members.</summary>
public sealed class ConnectorClusterTests : IDisposable
{
    // Linux allows a user 128 inotify instances, and other programs may use them all. No test edits appsettings.json, so it is not watched.
    private static readonly string[] _unwatched = ["--hostBuilder:reloadConfigOnChange=false"];

    // More failures than there are changes of members, so that only a retry can succeed.
    private const int Failures = 4;

    private readonly string _state = Path.Combine(Path.GetTempPath(), $"channels-{Guid.NewGuid():N}.json");

    [Fact]
    public async Task Refresh_YarpFails_IsRetriedWithoutAChange()
    {
        var filter = new FailingFilter();
        await using var app = Build(filter);
        await app.StartAsync();

        var yarp = app.Services.GetRequiredService<IProxyStateLookup>();
        await Eventually.TrueAsync(() => yarp.TryGetCluster("db", out var cluster) && cluster.DestinationsState.AllDestinations.Count == 1);

        Assert.Equal(Failures, filter.Failed);
        await app.StopAsync();
    }

    public void Dispose()
    {
        File.Delete(_state);
        File.Delete(Path.ChangeExtension(_state, ".members"));
    }

    private WebApplication Build(FailingFilter filter)
    {
        var builder = WebApplication.CreateBuilder(_unwatched);
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var document = new ConfigurationBuilder()
            .AddInMemoryCollection(
                new Dictionary<string, string?>
                {
                    ["ReverseProxy:TcpRoutes:db:Listen"] = "127.0.0.1:0",
                    ["ReverseProxy:TcpRoutes:db:ClusterId"] = "db",
                    ["ReverseProxy:Clusters:db:Connector"] = "db",
                    ["Channels:Group"] = "dev",
                    ["Channels:Instance:Id"] = "A_1",
                    ["Channels:Tunnel:Url"] = "http://127.0.0.1:0",
                    ["Channels:Loopback:StateFile"] = _state,
                    ["Channels:Items:db:Type"] = "Request",
                    ["Channels:Items:db:Connector"] = "db",
                    ["Channels:Items:db:Port"] = $"{Ports.Free()}",
                }
            )
            .Build();
        builder.Services.AddTcpProxy().LoadDocument(document);
        builder.Services.AddSingleton<IProxyConfigFilter>(filter);
        var app = builder.Build();
        app.MapReverseProxy();
        return app;
    }

    /// <summary>Fails the first times that the cluster has a destination.</summary>
    private sealed class FailingFilter : IProxyConfigFilter
    {
        private int _failed;

        public int Failed => Volatile.Read(ref _failed);

        public ValueTask<ClusterConfig> ConfigureClusterAsync(ClusterConfig cluster, CancellationToken cancel)
        {
            if (cluster.Destinations is { Count: > 0 } && _failed < Failures)
            {
                Interlocked.Increment(ref _failed);
                throw new InvalidOperationException("Not yet.");
            }

            return ValueTask.FromResult(cluster);
        }

        public ValueTask<RouteConfig> ConfigureRouteAsync(RouteConfig route, ClusterConfig? cluster, CancellationToken cancel) =>
            ValueTask.FromResult(route);
    }
}

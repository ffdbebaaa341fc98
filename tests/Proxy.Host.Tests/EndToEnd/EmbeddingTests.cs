using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Proxy.Clusters.LoadBalancing;
using Proxy.Connections;
using Proxy.Diagnostics;
using Proxy.Revisions;

namespace Proxy.Host.Tests.EndToEnd;

/// <summary>The library in another application, as the README shows it.</summary>
public sealed class EmbeddingTests : IDisposable
{
    // Linux allows a user 128 inotify instances, and other programs may use them all. No test edits appsettings.json, so it is not watched.
    private static readonly string[] _unwatched = ["--hostBuilder:reloadConfigOnChange=false"];

    private readonly TcpServer _server = new("hello");

    [Theory]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    [InlineData(false, true)]
    public async Task Route_OnKestrelEndpoint_ServesBesideHttp(bool ownTransport, bool slim)
    {
        await using var app = Build(ownTransport, slim, out var seen);
        await app.StartAsync();
        var urls = app
            .Services.GetRequiredService<IServer>()
            .Features.Get<IServerAddressesFeature>()!
            .Addresses.Select(static url => new Uri(url))
            .ToList();

        using var client = await TcpClientSocket.ConnectAsync(urls[0].Port);
        Assert.Equal("hello", await client.ReadAsync());
        Assert.Equal("x", await client.AskAsync("x"));
        using var http = new HttpClient();
        Assert.Equal("web", await http.GetStringAsync(urls[1]));

        Assert.Equal(ownTransport, Assert.Single(seen) is TcpConnection);
        client.End();
        Assert.Equal("", await client.ReadAsync());
        var tracker = app.Services.GetRequiredService<ConnectionTracker>();
        await Eventually.TrueAsync(() => tracker.Count == 0);
    }

    [Fact]
    public async Task Route_OwnTransportOnKestrel_HalfCloseKeepsTheOtherDirection()
    {
        await using var app = Build(ownTransport: true, slim: false, out _);
        await app.StartAsync();
        var url = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

        using var client = await TcpClientSocket.ConnectAsync(url.Port);
        await client.SendAsync("late");
        client.End();

        var text = "";
        while (await client.ReadAsync() is { Length: > 0 } more)
        {
            text += more;
        }

        Assert.Equal("hellolate", text);
    }

    [Fact]
    public async Task Edit_SectionOfTheApplication_MountedRouteFollows()
    {
        using var other = new TcpServer("other");
        await using var app = Build(ownTransport: true, slim: false, out _);
        await app.StartAsync();
        var url = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        var status = app.Services.GetRequiredService<ProxyStatus>();
        var before = status.Current.Running!.Id;

        app.Configuration["ReverseProxy:Clusters:c:Destinations:d:Address"] = $"tcp://127.0.0.1:{other.Port}";
        ((IConfigurationRoot)app.Configuration).Reload();
        await Eventually.TrueAsync(() => status.Current.Running!.Id != before);

        using var client = await TcpClientSocket.ConnectAsync(url.Port);
        Assert.Equal("other", await client.ReadAsync());
    }

    [Fact]
    public async Task AddTcpProxy_BesideYarpAndTwiceWithOwnPolicy_PolicyPicks()
    {
        using var other = new TcpServer("other");
        var builder = WebApplication.CreateBuilder(_unwatched);
        builder.Logging.ClearProviders();
        builder.Configuration["ReverseProxy:TcpRoutes:r:ClusterId"] = "c";
        builder.Configuration["ReverseProxy:Clusters:c:LoadBalancingPolicy"] = "Last";
        builder.Configuration["ReverseProxy:Clusters:c:Destinations:a:Address"] = $"tcp://127.0.0.1:{_server.Port}";
        builder.Configuration["ReverseProxy:Clusters:c:Destinations:b:Address"] = $"tcp://127.0.0.1:{other.Port}";
        builder.Services.AddReverseProxy();
        builder.Services.AddTcpProxy();
        builder.Services.AddTcpProxy().LoadFromConfig(builder.Configuration.GetSection("ReverseProxy"));
        builder.Services.AddSingleton<ITcpLoadBalancingPolicy, LastPolicy>();
        builder.WebHost.ConfigureKestrel(static kestrel => kestrel.ListenTcpProxy(new IPEndPoint(IPAddress.Loopback, 0), "r"));
        await using var app = builder.Build();
        app.MapReverseProxy();
        await app.StartAsync();
        var url = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();

        using var client = await TcpClientSocket.ConnectAsync(new Uri(url).Port);

        Assert.Equal("other", await client.ReadAsync());
    }

    [Fact]
    public async Task Start_InvalidSection_Throws()
    {
        var builder = WebApplication.CreateBuilder(_unwatched);
        builder.Configuration["ReverseProxy:TcpRoutes:r:ClusterId"] = "nowhere";
        builder.Services.AddTcpProxy().LoadFromConfig(builder.Configuration.GetSection("ReverseProxy"));
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        await using var app = builder.Build();

        var exception = await Assert.ThrowsAsync<InvalidConfigException>(() => app.StartAsync());

        Assert.Equal(2, exception.Problems.Count);
    }

    public void Dispose() => _server.Dispose();

    private sealed class LastPolicy : ITcpLoadBalancingPolicy
    {
        public string Name => "Last";

        public DestinationCandidate Pick(in PickContext context, IReadOnlyList<DestinationCandidate> candidates) =>
            candidates.MaxBy(static candidate => candidate.State.DestinationId);
    }

    private WebApplication Build(bool ownTransport, bool slim, out List<ConnectionContext> seen)
    {
        var connections = seen = [];
        var builder = slim ? WebApplication.CreateSlimBuilder(_unwatched) : WebApplication.CreateBuilder(_unwatched);
        builder.Logging.ClearProviders();
        builder.Configuration["ReverseProxy:TcpRoutes:r:ClusterId"] = "c";
        builder.Configuration["ReverseProxy:Clusters:c:Destinations:d:Address"] = $"tcp://127.0.0.1:{_server.Port}";
        builder.Services.AddTcpProxy().LoadFromConfig(builder.Configuration.GetSection("ReverseProxy"));
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            var address = new IPEndPoint(IPAddress.Loopback, 0);
            kestrel.Listen(
                ownTransport ? new ListenEndPoint(address) : address,
                listen =>
                {
                    listen.Use(next =>
                        connection =>
                        {
                            connections.Add(connection);
                            return next(connection);
                        }
                    );
                    listen.UseTcpProxy("r");
                }
            );
            kestrel.Listen(address);
        });
        var app = builder.Build();
        app.MapReverseProxy();
        app.MapGet("/", () => "web");
        return app;
    }
}

using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using Proxy.Configuration;
using Proxy.Configuration.Endpoints;
using Proxy.Configuration.Engine;
using Proxy.Configuration.Locking;
using Proxy.Configuration.Multiplexing;
using Proxy.Configuration.Reading;
using Proxy.Configuration.Routes;
using Proxy.Host.Tests.EndToEnd.Multiplexing;
using Proxy.Host.Tests.Support;
using Proxy.Revisions;

namespace Proxy.Host.Tests.EndToEnd;

/// <summary>Checks every file of config/examples: it has no errors and no warnings, and each of its routes reaches its cluster.</summary>
public sealed partial class ExampleTests : IAsyncLifetime
{
    private const int RequestsToProveAffinity = 4;
    private readonly LoopbackLayer _layer = new();
    private ExampleCertificates? _certificates;
    private TestHost? _host;
    private EtcdServer? _etcd;

    public static TheoryData<string> Examples =>
        [.. Directory.GetFiles(Repository.Path("config", "examples"), "*.json").Select(static path => Path.GetFileName(path))];

    [Theory]
    [MemberData(nameof(Examples))]
    public void Check_Example_NoErrorsAndNoWarnings(string example)
    {
        using var root = (ConfigurationRoot)new ConfigurationBuilder().Add(Source(example)).Build();

        var result = TcpProxyExtensions.Check(root);

        Assert.Empty(result.Errors);
        Assert.Empty(result.Warnings);
    }

    [Theory]
    [MemberData(nameof(Examples))]
    public async Task Run_Example_EveryRouteReachesItsCluster(string example)
    {
        var status = await StartAsync(example);

        var reached = new HashSet<string>();
        var handed = new List<Site>();
        foreach (var binding in status.Running!.Bindings)
        {
            var routes = binding.RouteIds.Where(id => CanReach(binding, status.Running.Config.ReverseProxy.TcpRoutes[id])).ToList();
            Assert.NotEmpty(routes);
            foreach (var id in routes)
            {
                var route = status.Running.Config.ReverseProxy.TcpRoutes[id];
                var address = Bound(status, binding);
                if (route.Mode == TcpMode.Http)
                {
                    handed.Add(SiteOf(status.Running.Config.ReverseProxy, binding, route, address));
                    reached.Add(id);
                    continue;
                }

                Assert.Equal(
                    route.ClusterId,
                    route.Mode == TcpMode.Multiplex
                        ? await ExchangeAsync(address, status.Running.Config.ReverseProxy.Clusters[route.ClusterId!].Multiplex!)
                        : await AskAsync(address, route)
                );
                reached.Add(id);
            }
        }

        Assert.Equal(status.Running.Config.ReverseProxy.TcpRoutes.Keys.Order(), reached.Order());
        await AskHttpAsync(status.Running.Config, handed);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        if (_host is not null)
        {
            await _host.DisposeAsync();
        }

        await _layer.DisposeAsync();
        _certificates?.Dispose();
        if (_etcd is not null)
        {
            await _etcd.DisposeAsync();
        }
    }

    private async Task<ProxyState> StartAsync(string example)
    {
        using var written = (ConfigurationRoot)new ConfigurationBuilder().Add(Source(example)).Build();
        _certificates = await ExampleCertificates.MakeAsync(Repository.Path("config", "examples", example));
        var revision = TcpProxyExtensions.Check(written).Revision!;
        var moved = await _layer.MoveAsync(revision, _certificates);
        if (revision.Config.Engine is { Etcd: { } etcd })
        {
            await MoveEngineAsync(etcd, revision, moved);
        }

        _host = await TestHost.StartAsync(moved, "config", "examples", example);
        return _host.Status;
    }

    // A real etcd where there is one; else locks are those of the host.
    private async Task MoveEngineAsync(EtcdConfig etcd, Revision revision, Dictionary<string, string?> moved)
    {
        if (Programs.Find("etcd") is null)
        {
            foreach (
                var id in revision
                    .Config.ReverseProxy.TcpRoutes.Where(static one => one.Value.Lock is not null)
                    .Select(static one => one.Key)
            )
            {
                moved[$"ReverseProxy:TcpRoutes:{id}:Lock:Scope"] = nameof(LockScope.Host);
            }

            return;
        }

        _etcd = await EtcdServer.StartAsync();
        for (var index = 0; index < etcd.Endpoints.Count; index++)
        {
            moved[$"Engine:Etcd:Endpoints:{index}"] = _etcd.Endpoints[0];
        }
    }

    /// <summary>Whether a test can connect to the route: a route for client networks needs a client with an IPv4 address.</summary>
    private static bool CanReach(EndpointBinding binding, TcpRouteConfig route) =>
        route.Match is not { SourceNetworks.Count: > 0 }
        || binding.Address is { IsAny: true } or { Address.AddressFamily: AddressFamily.InterNetwork };

    private static EndPoint Bound(ProxyState status, EndpointBinding binding)
    {
        var address = binding.Address;
        return address.UnixPath is not null ? status.Bound[address.Text]
            : status.Bound[$"{address.Text}#{binding.EndpointId}"] is not IPEndPoint bound
                ? throw new InvalidOperationException("No IP address.")
            : address.IsAny ? new IPEndPoint(IPAddress.Loopback, bound.Port)
            : bound;
    }

    /// <summary>Connects, sends what its route matches by and a text, and reads the echo; returns the cluster whose server answered.</summary>
    private async Task<string> AskAsync(EndPoint address, TcpRouteConfig route)
    {
        var from = LoopbackLayer.ClientOf(route);
        var opening = route.Tls is null ? Opening.Of(route.Match) : Opening.Of(null);
        using var limit = new CancellationTokenSource(Eventually.Limit);
        using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Unspecified);
        if (address.AddressFamily == from.AddressFamily)
        {
            socket.Bind(new IPEndPoint(from, 0));
        }

        await socket.ConnectAsync(address, limit.Token);
        await using var network = new NetworkStream(socket);
        await using Stream stream = route.Tls is null ? network : await AuthenticateAsync(network, route, limit.Token);
        await opening.SendAsync(stream, limit.Token);
        using var reader = new StreamReader(stream, Encoding.Latin1);
        var greeting = await reader.ReadLineAsync(limit.Token);
        await stream.WriteAsync("ping\n"u8.ToArray(), limit.Token);
        var echo = new char[opening.EchoLength + "ping\n".Length];
        await reader.ReadBlockAsync(echo, limit.Token);
        Assert.EndsWith("ping\n", new string(echo), StringComparison.Ordinal);
        return LoopbackLayer.ClusterIn(greeting!);
    }

    private async Task<SslStream> AuthenticateAsync(NetworkStream network, TcpRouteConfig route, CancellationToken cancellationToken)
    {
        var stream = new SslStream(network);
        await stream.AuthenticateAsClientAsync(_certificates!.ClientOf(route), cancellationToken);
        return stream;
    }

    /// <summary>Sends a message of the protocol and reads the echo; returns the cluster whose server received data last.</summary>
    private async Task<string> ExchangeAsync(EndPoint address, ClusterMultiplexConfig protocol)
    {
        using var limit = new CancellationTokenSource(Eventually.Limit);
        using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(address, limit.Token);
        await using var stream = new NetworkStream(socket);
        var message = MultiplexSample.Of(protocol);
        await stream.WriteAsync(message, limit.Token);
        var answer = new byte[message.Length];
        await stream.ReadExactlyAsync(answer, limit.Token);
        Assert.Equal(message, answer);
        return LoopbackLayer.ClusterIn(_layer.LastAsked);
    }

    private static Site SiteOf(ReverseProxyConfig config, EndpointBinding binding, TcpRouteConfig route, EndPoint address) =>
        new(
            new Uri($"{(route.Tls is null ? "http" : "https")}://{address}"),
            config.TcpEndpoints.TryGetValue(binding.EndpointId, out var endpoint)
                && endpoint.ProxyProtocol.Accept == ProxyProtocolAccept.Required
        );

    private async Task AskHttpAsync(ProxyConfig config, List<Site> handed)
    {
        using var client = new HttpClient(
            new SocketsHttpHandler
            {
                UseCookies = false,
                UseProxy = false,
                SslOptions = _certificates!.Client(""),
                ConnectCallback = (context, cancellationToken) =>
                    ConnectAsync(
                        context.DnsEndPoint,
                        hasHeader: handed.Any(site => site.HasHeader && site.Url.Port == context.DnsEndPoint.Port),
                        cancellationToken
                    ),
            }
        )
        {
            Timeout = Eventually.Limit,
        };
        var addresses = _host!.Urls;
        var sites = new List<Uri>();
        foreach (var address in addresses)
        {
            using var ready = await client.GetAsync(new Uri(address, "/healthz/ready"));
            if (!ready.IsSuccessStatusCode)
            {
                sites.Add(address);
            }
        }

        Assert.Equal(config.Admin is null ? 0 : 1, addresses.Count - sites.Count);
        sites.AddRange(handed.Select(static site => site.Url));
        Assert.Equal(config.ReverseProxy.Routes.Count > 0, sites.Count > 0);
        foreach (var site in sites)
        {
            foreach (var route in config.ReverseProxy.Routes.Values)
            {
                var path = Parameter().Replace(route.Match?.Path ?? "", "");
                await AskSiteAsync(client, new Uri(site, path), route.ClusterId!, config);
            }
        }
    }

    private static async ValueTask<Stream> ConnectAsync(DnsEndPoint address, bool hasHeader, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(address, cancellationToken);
        var stream = new NetworkStream(socket, ownsSocket: true);
        if (hasHeader)
        {
            await stream.WriteAsync("PROXY TCP4 192.0.2.1 192.0.2.2 4711 80\r\n"u8.ToArray(), cancellationToken);
        }

        return stream;
    }

    private static async Task AskSiteAsync(HttpClient client, Uri address, string clusterId, ProxyConfig config)
    {
        using var first = await client.GetAsync(address);
        Assert.Equal(HttpStatusCode.OK, first.StatusCode);
        var answer = await first.Content.ReadAsStringAsync();
        Assert.Equal(clusterId, LoopbackLayer.ClusterIn(answer));
        if (config.ReverseProxy.Clusters[clusterId].SessionAffinity is not { Enabled: true } affinity)
        {
            return;
        }

        var cookie = Assert.Single(first.Headers.GetValues("Set-Cookie")).Split(';')[0];
        Assert.StartsWith($"{affinity.AffinityKeyName}=", cookie, StringComparison.Ordinal);
        for (var i = 0; i < RequestsToProveAffinity; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, address) { Headers = { { "Cookie", cookie } } };
            using var next = await client.SendAsync(request);
            Assert.Equal(answer, await next.Content.ReadAsStringAsync());
        }
    }

    private static JsonFileSource Source(string example) => new(Repository.Path("config", "examples", example)) { Watch = false };

    /// <param name="Url">Where HTTP is served.</param>
    /// <param name="HasHeader">Whether connections begin with a PROXY protocol header.</param>
    private sealed record Site(Uri Url, bool HasHeader);

    [GeneratedRegex(@"\{.*?\}")]
    private static partial Regex Parameter();
}

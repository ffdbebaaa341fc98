using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.EndToEnd.Handover;

/// <summary>The host with one route of Mode Http before a <see cref="WebSite"/>.</summary>
internal sealed class HandoverHost : IAsyncDisposable
{
    private readonly bool _ownsSite;

    private HandoverHost(TestHost host, WebSite site, bool ownsSite)
    {
        (Host, Site, _ownsSite) = (host, site, ownsSite);
        Http = new HttpClient(
            new SocketsHttpHandler
            {
                PooledConnectionLifetime = Timeout.InfiniteTimeSpan,
                UseCookies = false,
                UseProxy = false,
            }
        )
        {
            Timeout = Eventually.Limit,
        };
    }

    public TestHost Host { get; }

    public WebSite Site { get; }

    public HttpClient Http { get; }

    public IPEndPoint Address => (IPEndPoint)Host.AddressOf("web");

    public Uri Url(string path = "/", string scheme = "http") => new($"{scheme}://{Address}{path}");

    public static async Task<HandoverHost> StartAsync(
        string transport,
        string route = "",
        string endpoint = "",
        string root = "",
        Action<IServiceCollection>? adds = null
    )
    {
        var site = await WebSite.StartAsync();
        return new(await TestHost.StartAsync(Config(site, transport, route, endpoint, root), adds), site, ownsSite: true);
    }

    /// <summary>A configuration with the route <c>web</c> on the endpoint <c>web</c>.</summary>
    public static string Config(WebSite site, string transport, string route = "", string endpoint = "", string root = "") =>
        $$"""
            {
              {{root}}
              "Transport": { "Kind": "{{transport}}" },
              "ReverseProxy": {
                "TcpEndpoints": { "web": { "Address": "127.0.0.1:0"{{Comma(endpoint)}} } },
                "TcpRoutes": { "web": { "Match": { "Endpoints": ["web"] }, "Mode": "Http"{{Comma(route)}} } },
                {{Http1And2(site)}}
              }
            }
            """;

    /// <summary>The routes and clusters of YARP: gRPC is served by HTTP/2, the rest by HTTP/1.1.</summary>
    public static string Http1And2(WebSite site) =>
        $$"""
            "Routes": {
              "all": { "ClusterId": "http", "Match": { "Path": "/{**all}" } },
              "grpc": { "ClusterId": "grpc", "Match": { "Path": "/grpc/{**all}" }, "Order": -1 }
            },
            "Clusters": {
              "http": { "Destinations": { "site": { "Address": "http://127.0.0.1:{{site.Port}}" } } },
              "grpc": {
                "HttpRequest": { "Version": "2", "VersionPolicy": "RequestVersionExact" },
                "Destinations": { "site": { "Address": "http://127.0.0.1:{{site.Http2Port}}" } }
              }
            }
            """;

    public async Task<string> GetAsync(string path, Version? version = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Url(path))
        {
            Version = version ?? HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        using var response = await Http.SendAsync(request);
        response.EnsureSuccessStatusCode();
        Assert.Equal(request.Version, response.Version);
        return await response.Content.ReadAsStringAsync();
    }

    /// <summary>Asks on a connection that stays open; returns the whole answer, which ends with its last chunk.</summary>
    public static async Task<string> AskAsync(TcpClientSocket client, string path = "/")
    {
        await client.SendAsync(Question(path));
        var answer = "";
        while (!answer.EndsWith("\r\n0\r\n\r\n", StringComparison.Ordinal))
        {
            answer += await client.ReadAsync() is { Length: > 0 } more
                ? more
                : throw new IOException($"The connection has ended after: {answer}");
        }

        return answer;
    }

    /// <summary>A request.</summary>
    public static string Question(string path = "/") => $"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n";

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await Host.DisposeAsync();
        if (_ownsSite)
        {
            await Site.DisposeAsync();
        }
    }

    private static string Comma(string more) => more.Length == 0 ? "" : $", {more}";
}

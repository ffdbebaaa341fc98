using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.EndToEnd;

/// <summary>HTTP routes, which YARP serves, and TCP routes in the same file.</summary>
public sealed class HttpRoutesTests : IAsyncLifetime
{
    private readonly HttpClient _http = new(new HttpClientHandler { UseCookies = false, CheckCertificateRevocationList = true });
    private readonly TcpServer _tcp = new("tcp");
    private WebApplication _one = null!;
    private WebApplication _two = null!;

    public async Task InitializeAsync()
    {
        _one = await ServeAsync("one");
        _two = await ServeAsync("two");
    }

    [Fact]
    public async Task Request_HashCookieAffinity_SameDestinationAgain()
    {
        await using var host = await TestHost.StartAsync(Config(affinity: true, _one, _two));
        using var first = await GetAsync(host);
        var name = await first.Content.ReadAsStringAsync();
        var cookie = first.Headers.GetValues("Set-Cookie").Single().Split(';')[0];

        for (var i = 0; i < 10; i++)
        {
            using var again = await GetAsync(host, cookie);
            Assert.Equal(name, await again.Content.ReadAsStringAsync());
        }
    }

    [Fact]
    public async Task Edit_HttpAndTcpTogether_BothAreApplied()
    {
        using var other = new TcpServer("tcp2");
        await using var host = await TestHost.StartAsync(Config(affinity: false, _one));
        Assert.Equal("one", await (await GetAsync(host)).Content.ReadAsStringAsync());

        await host.EditAsync(
            Config(affinity: false, _two).Replace($"tcp://127.0.0.1:{_tcp.Port}", $"tcp://127.0.0.1:{other.Port}", StringComparison.Ordinal)
        );

        Assert.Equal("two", await (await GetAsync(host)).Content.ReadAsStringAsync());
        using var client = await TcpClientSocket.ConnectAsync(host.Address);
        Assert.Equal("tcp2", await client.ReadAsync());
    }

    [Fact]
    public async Task Request_LongerThanTimeout_GatewayTimeoutAndOthersServed()
    {
        var never = new TaskCompletionSource();
        await using var slow = await ServeAsync(context =>
            context.Request.Path == "/slow" ? never.Task : context.Response.WriteAsync("fast")
        );
        await using var host = await TestHost.StartAsync(
            Config(affinity: false, slow)
                .Replace(
                    "\"Routes\": {",
                    """ "Routes": { "slow": { "ClusterId": "site", "Timeout": "00:00:01", "Match": { "Path": "/slow" } }, """,
                    StringComparison.Ordinal
                )
        );

        Assert.Equal("fast", await (await GetAsync(host)).Content.ReadAsStringAsync());
        using var late = await _http.GetAsync(new Uri(host.Urls[0], "/slow"));
        Assert.Equal(HttpStatusCode.GatewayTimeout, late.StatusCode);
        never.SetResult();
    }

    [Theory]
    [InlineData("\"Match\": { \"Path\": \"/{broken\" }", "broken")]
    [InlineData("\"Match\": { \"Pathh\": \"/\" }", "Pathh")]
    [InlineData("\"Match\": { \"Path\": \"/\" }, \"AuthorizationPolicy\": \"Default\"", "AuthorizationPolicy: is not available yet")]
    public async Task Edit_HttpRouteIsInvalid_TcpEditIsRejectedWithIt(string match, string expected)
    {
        await using var host = await TestHost.StartAsync(Config(affinity: false, _one));

        await host.WriteAsync(
            Config(affinity: false, _one)
                .Replace("\"Match\": { \"Path\": \"{**path}\" }", match, StringComparison.Ordinal)
                .Replace($"tcp://127.0.0.1:{_tcp.Port}", "tcp://127.0.0.1:1", StringComparison.Ordinal)
        );
        await Eventually.TrueAsync(() => host.Status.Rejected.Count > 0);

        Assert.Contains(expected, string.Join('\n', host.Status.Rejected), StringComparison.Ordinal);
        using var client = await TcpClientSocket.ConnectAsync(host.Address);
        Assert.Equal("tcp", await client.ReadAsync());
    }

    [Fact]
    public async Task Request_ForgedHostOfTheAdminAddress_ReachesOnlyYarp()
    {
        await using var host = await TestHost.StartAsync(
            Config(affinity: false, _one).Insert(1, """ "Admin": { "Url": "http://127.0.0.1:0" }, """)
        );
        var bodies = new List<string>();
        foreach (var url in host.Urls)
        {
            foreach (var forged in host.Urls)
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(url, "/healthz/live"));
                request.Headers.Host = forged.Authority;
                using var answer = await _http.SendAsync(request);
                bodies.Add(await answer.Content.ReadAsStringAsync());
            }
        }

        Assert.Equal(2, bodies.Count(static body => body == "live\n"));
        Assert.Equal(2, bodies.Count(static body => body == "one"));
    }

    public async Task DisposeAsync()
    {
        _http.Dispose();
        _tcp.Dispose();
        await _one.DisposeAsync();
        await _two.DisposeAsync();
    }

    private async Task<HttpResponseMessage> GetAsync(TestHost host, string? cookie = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(host.Urls[0], "/"));
        if (cookie is not null)
        {
            request.Headers.Add("Cookie", cookie);
        }

        return await _http.SendAsync(request);
    }

    private string Config(bool affinity, params WebApplication[] sites) =>
        $$"""
            { "Kestrel": { "Endpoints": { "Http": { "Url": "http://127.0.0.1:0" } } },
              "ReverseProxy": {
                "TcpRoutes": { {{Json.Route("r")}} },
                "Routes": { "site": { "ClusterId": "site", "Match": { "Path": "{**path}" } } },
                "Clusters": {
                  "c": {{Json.Cluster(_tcp.Port)}},
                  "site": {
                    {{(
                affinity ? "\"SessionAffinity\": { \"Enabled\": true, \"Policy\": \"HashCookie\", \"AffinityKeyName\": \"k\" }," : ""
            )}}
                    "Destinations": { {{string.Join(
                ',',
                sites.Select(static (site, i) => $"\"s{i}\": {{ \"Address\": \"{site.Urls.First()}\" }}")
            )}} }
            } } } }
            """;

    private static Task<WebApplication> ServeAsync(string answer) => ServeAsync(context => context.Response.WriteAsync(answer));

    private static async Task<WebApplication> ServeAsync(RequestDelegate answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        app.Run(answer);
        await app.StartAsync();
        return app;
    }
}

using System.Net;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Proxy.Host.Admin;
using Proxy.Host.Tests.Support;
using Proxy.Revisions;

namespace Proxy.Host.Tests.Admin;

/// <summary>Which requests are authorized, and for what.</summary>
public sealed class AdminAccessTests : IDisposable
{
    private const string Token = "right-one";
    private readonly TcpServer _server = new("hello");
    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    public static TheoryData<string?, HttpStatusCode> Tokens =>
        new()
        {
            { $"Bearer {Token}", HttpStatusCode.OK },
            { null, HttpStatusCode.Unauthorized },
            { "", HttpStatusCode.Unauthorized },
            { "Bearer", HttpStatusCode.Unauthorized },
            { "Bearer ", HttpStatusCode.Unauthorized },
            { Token, HttpStatusCode.Unauthorized },
            { $"Basic {Token}", HttpStatusCode.Unauthorized },
            { $"Bearer {Token}x", HttpStatusCode.Unauthorized },
            { $"Bearer x{Token}", HttpStatusCode.Unauthorized },
            { $"Bearer {Token} {Token}", HttpStatusCode.Unauthorized },
            { $"Bearer {new string('x', 20_000)}", HttpStatusCode.Unauthorized },
            { $"Bearer {new string('x', 60_000)}", HttpStatusCode.RequestHeaderFieldsTooLarge },
        };

    [Theory]
    [MemberData(nameof(Tokens))]
    public async Task Get_Token_OnlyTheConfiguredOneInTheHeaderIsAccepted(string? authorization, HttpStatusCode expected)
    {
        await using var host = await StartAsync($$"""{ "Url": "http://127.0.0.1:0", "Token": "{{Token}}" }""");
        using var api = new AdminClient(host);

        var (status, body) = await api.SendAsync(
            HttpMethod.Get,
            $"/api/status?token={Token}&access_token={Token}",
            null,
            request => Authorize(request, authorization)
        );

        Assert.Equal(expected, status);
        Assert.True(status == HttpStatusCode.OK || !body.Contains(Token, StringComparison.Ordinal), body);
        // Without a token, unknown paths give the same answer as known ones.
        Assert.Equal(HttpStatusCode.Unauthorized, (await api.SendAsync(HttpMethod.Get, "/api/none")).Status);
        Assert.Equal(HttpStatusCode.OK, (await api.SendAsync(HttpMethod.Get, "/healthz/live")).Status);
    }

    [Theory]
    [InlineData("/api/status", "Sec-Fetch-Site", "same-origin", HttpStatusCode.OK)]
    [InlineData("/api/status", "Sec-Fetch-Site", "none", HttpStatusCode.OK)]
    [InlineData("/api/status", "Sec-Fetch-Site", "same-site", HttpStatusCode.Forbidden)]
    [InlineData("/api/status", "Sec-Fetch-Site", "cross-site", HttpStatusCode.Forbidden)]
    [InlineData("/api/status", "Sec-Fetch-Site", "same-origin|none", HttpStatusCode.Forbidden)]
    [InlineData("/metrics", "Sec-Fetch-Site", "cross-site", HttpStatusCode.Forbidden)]
    [InlineData("/api/none", "Sec-Fetch-Site", "cross-site", HttpStatusCode.Forbidden)]
    [InlineData("/", "Sec-Fetch-Site", "cross-site", HttpStatusCode.OK)]
    [InlineData("/healthz/ready", "Sec-Fetch-Site", "cross-site", HttpStatusCode.OK)]
    [InlineData("/api/status", "Origin", "http://a.example", HttpStatusCode.OK)]
    [InlineData("/api/status", "Origin", "http://a.example|http://b.example", HttpStatusCode.Forbidden)]
    [InlineData("/api/status", "Origin", "http://a.example, http://b.example", HttpStatusCode.Forbidden)]
    [InlineData("/metrics", "Origin", "http://a.example|http://a.example", HttpStatusCode.Forbidden)]
    public async Task Get_CausedByAPageOfAnotherOrigin_IsRefused(string path, string header, string values, HttpStatusCode expected)
    {
        await using var host = await StartAsync("""{ "Url": "http://127.0.0.1:0" }""");
        var lines = string.Concat(values.Split('|').Select(value => $"{header}: {value}\r\n"));
        using var client = await TcpClientSocket.ConnectAsync(host.Urls.Single().Port);

        var answer = await client.AskAsync($"GET {path} HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n");

        Assert.StartsWith($"HTTP/1.1 {(int)expected} ", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/api/status", "no-store")]
    [InlineData("/api/none", "no-store")]
    [InlineData("/api/channel-events", "no-store")]
    [InlineData("/metrics", "no-store")]
    [InlineData("/healthz/live", "no-store")]
    [InlineData("/", "no-cache")]
    public async Task Get_AnyPage_IsNeitherKeptNorGuessedAt(string path, string cache)
    {
        await using var host = await StartAsync("""{ "Url": "http://127.0.0.1:0" }""");
        using var http = new HttpClient { Timeout = Eventually.Limit };

        using var answer = await http.GetAsync(new Uri(host.Urls.Single(), path), HttpCompletionOption.ResponseHeadersRead);

        Assert.Equal("nosniff", Assert.Single(answer.Headers.GetValues("X-Content-Type-Options")));
        Assert.Equal(cache, Assert.Single(answer.Headers.GetValues("Cache-Control")));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("Bearer wrong")]
    public async Task GetReady_WithoutToken_StatusCodeAndOneWord(string? authorization)
    {
        await using var host = await StartAsync($$"""{ "Url": "http://127.0.0.1:0", "Token": "{{Token}}" }""");
        using var api = new AdminClient(host);
        await host.WriteAsync("{ bad");
        await Eventually.TrueAsync(() => host.Status.Rejected.Count > 0);

        var less = await api.SendAsync(HttpMethod.Get, "/healthz/ready", null, request => Authorize(request, authorization));
        var (status, details) = await api.SendAsync(
            HttpMethod.Get,
            "/healthz/ready",
            null,
            request => Authorize(request, $"Bearer {Token}")
        );

        Assert.Equal((HttpStatusCode.OK, "ready\n"), less);
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Contains("rejected", details, StringComparison.Ordinal);
    }

    [Fact]
    public async Task GetReady_NotReadyWithoutToken_StatusCodeAndOneWord()
    {
        var status = new ProxyStatus();
        var context = new DefaultHttpContext { RequestServices = new ServiceCollection().AddSingleton(status).BuildServiceProvider() };
        using var body = new MemoryStream();
        context.Response.Body = body;

        await Readiness.WriteAsync(context);

        Assert.Equal(StatusCodes.Status503ServiceUnavailable, context.Response.StatusCode);
        Assert.Equal("starting\n", Encoding.ASCII.GetString(body.ToArray()));
    }

    [Fact]
    public async Task Change_NotAllowed_OnlyValidateIsAnswered()
    {
        await using var host = await StartAsync("""{ "Url": "http://127.0.0.1:0" }""");
        using var api = new AdminClient(host);

        foreach (
            var (method, path) in ((HttpMethod, string)[])
                [
                    (HttpMethod.Post, "/api/clusters/c/destinations/d0/drain"),
                    (HttpMethod.Delete, "/api/clusters/c/destinations/d0/connections"),
                    (HttpMethod.Delete, "/api/connections/1"),
                    (HttpMethod.Post, "/api/configuration/reload"),
                    (HttpMethod.Put, "/api/log-levels/x"),
                    (HttpMethod.Delete, "/api/log-levels/x"),
                    (HttpMethod.Post, "/api/locks/r/pause"),
                    (HttpMethod.Post, "/api/none"),
                ]
        )
        {
            Assert.Contains("Admin:AllowChanges", await api.ErrorAsync(HttpStatusCode.Forbidden, method, path), StringComparison.Ordinal);
        }

        Assert.Equal(HttpStatusCode.OK, (await api.SendAsync(HttpMethod.Post, "/api/configuration/validate", "{}")).Status);
    }

    [Theory]
    [InlineData("http://evil.example", HttpStatusCode.Forbidden)]
    [InlineData("null", HttpStatusCode.Forbidden)]
    [InlineData("http://localhost:1", HttpStatusCode.Forbidden)]
    [InlineData("", HttpStatusCode.NotFound)]
    public async Task Change_OriginOfAnotherSite_IsRefused(string origin, HttpStatusCode expected)
    {
        await using var host = await StartAsync(AdminClient.Changes);
        using var api = new AdminClient(host);

        var (status, _) = await api.SendAsync(
            HttpMethod.Delete,
            "/api/connections/none",
            null,
            request =>
                request.Headers.TryAddWithoutValidation(
                    "Origin",
                    origin.Length > 0 ? origin : host.Urls.Single().GetLeftPart(UriPartial.Authority)
                )
        );

        Assert.Equal(expected, status);
        using var preflight = new HttpClient();
        using var asked = new HttpRequestMessage(HttpMethod.Get, new Uri(host.Urls.Single(), "/api/status"));
        asked.Headers.Add("Origin", "http://evil.example");
        using var answer = await preflight.SendAsync(asked);
        Assert.DoesNotContain(answer.Headers, static header => header.Key.StartsWith("Access-Control", StringComparison.OrdinalIgnoreCase));
    }

    [Theory]
    [InlineData("/api/../etc/passwd", HttpStatusCode.NotFound)]
    [InlineData("/api/%2e%2e/metrics", HttpStatusCode.OK)] // the server resolves dot segments, as clients do
    [InlineData("/api/connections/..%2F..%2Fetc", HttpStatusCode.NotFound)]
    [InlineData("/api/clusters/%00", HttpStatusCode.BadRequest)]
    [InlineData("/api/routes/%0d%0aX: y", HttpStatusCode.NotFound)]
    [InlineData("/api//status", HttpStatusCode.NotFound)]
    [InlineData("/API/Status", HttpStatusCode.OK)]
    public async Task Get_UnusualPath_HasTheExpectedStatus(string path, HttpStatusCode expected)
    {
        await using var host = await StartAsync(AdminClient.Changes);
        using var api = new AdminClient(host);

        Assert.Equal(expected, (await api.SendAsync(HttpMethod.Get, path.Replace(" ", "%20", StringComparison.Ordinal))).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await api.SendAsync(HttpMethod.Get, $"/api/routes/{new string('x', 7000)}")).Status);
        Assert.Equal(
            HttpStatusCode.RequestUriTooLong,
            (await api.SendAsync(HttpMethod.Get, $"/api/routes/{new string('x', 9000)}")).Status
        );
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await api.SendAsync(HttpMethod.Delete, "/api/status")).Status);
    }

    [Theory]
    [InlineData("client", true, null, HttpStatusCode.OK)]
    [InlineData("client", true, Token, HttpStatusCode.OK)]
    [InlineData(null, true, null, HttpStatusCode.Unauthorized)]
    [InlineData("server", true, null, null)]
    [InlineData("stranger", true, null, null)]
    [InlineData("expired", true, null, null)]
    public async Task Get_ClientCertificate_OnlyAClientCertificateOfTheAuthorityIsAccepted(
        string? shown,
        bool authority,
        string? token,
        HttpStatusCode? expected
    )
    {
        using var certificates = new AdminAuthority(_folder);
        await using var host = await StartAsync(
            $$"""{ "Url": "https://127.0.0.1:0"{{(authority ? $", \"ClientCertificateAuthority\": \"{certificates.AuthorityFile}\"" : "")}}{{(token is null ? "" : $", \"Token\": \"{token}\"")}} }""",
            $$""" "Kestrel": { "Certificates": { "Default": { "Path": "{{certificates.ServerFile}}", "KeyPath": "{{certificates.ServerKeyFile}}" } } }, """
        );
        using var http = certificates.CreateClient(shown);
        http.DefaultRequestHeaders.Add("Authorization", $"Bearer {token}");

        if (expected is null)
        {
            await Assert.ThrowsAnyAsync<HttpRequestException>(() => http.GetAsync(new Uri(host.Urls.Single(), "/api/status")));
            return;
        }

        using var answer = await http.GetAsync(new Uri(host.Urls.Single(), "/api/status"));
        Assert.Equal(expected, answer.StatusCode);
        using var live = await http.GetAsync(new Uri(host.Urls.Single(), "/healthz/live"));
        Assert.Equal(HttpStatusCode.OK, live.StatusCode);
        using var ready = await http.GetAsync(new Uri(host.Urls.Single(), "/healthz/ready"));
        Assert.Equal(HttpStatusCode.OK, ready.StatusCode);
        Assert.Equal(
            expected == HttpStatusCode.OK,
            (await ready.Content.ReadAsStringAsync()).Contains("revision", StringComparison.Ordinal)
        );
        if (token is not null)
        {
            // Where both are configured, both are required.
            http.DefaultRequestHeaders.Remove("Authorization");
            using var without = await http.GetAsync(new Uri(host.Urls.Single(), "/api/status"));
            Assert.Equal(HttpStatusCode.Unauthorized, without.StatusCode);
        }
    }

    [Fact]
    public async Task Start_UnreadableAuthority_IsAConfigurationError()
    {
        using var certificates = new AdminAuthority(_folder);
        var file = Path.Combine(_folder, "none.pem");

        var exception = await Assert.ThrowsAsync<InvalidConfigException>(() =>
            StartAsync(
                $$"""{ "Url": "https://127.0.0.1:0", "ClientCertificateAuthority": "{{file}}" }""",
                $$""" "Kestrel": { "Certificates": { "Default": { "Path": "{{certificates.ServerFile}}", "KeyPath": "{{certificates.ServerKeyFile}}" } } }, """
            )
        );

        Assert.Contains($"Admin:ClientCertificateAuthority: the file '{file}' cannot be read", exception.Message, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _server.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static void Authorize(HttpRequestMessage request, string? authorization)
    {
        if (authorization is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
        }
    }

    private Task<TestHost> StartAsync(string admin, string more = "") =>
        TestHost.StartAsync(AdminClient.With(admin, Json.Routes(Json.Route("r"), _server.Port)).Insert(1, more));
}

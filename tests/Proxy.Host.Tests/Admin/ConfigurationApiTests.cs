using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Proxy.Host.Tests.Support;
using Proxy.Revisions;

namespace Proxy.Host.Tests.Admin;

/// <summary>
/// The running configuration, the files on disk, and the validation of documents. Runs alone, because hosts in one process validate one document at a time and
/// wait ten seconds for their turn, and these documents take long.
/// </summary>
[Collection(Alone.Name)]
public sealed class ConfigurationApiTests : IDisposable
{
    private const string Hidden = "hunter2";
    private const string Validate = "/api/configuration/validate";
    private readonly TcpServer _server = new("hello");

    [Fact]
    public async Task Get_DocumentAndFilesWithSecrets_AreShownWithoutThem()
    {
        await using var host = await TestHost.StartAsync(Secrets());
        using var api = new AdminClient(host);

        var (_, body) = await api.SendAsync(HttpMethod.Get, "/api/configuration");

        Assert.DoesNotContain(Hidden, body, StringComparison.Ordinal);
        var answer = JsonDocument.Parse(body).RootElement;
        Assert.Equal(host.Status.Running!.Id, Text(answer, "revision"));
        var document = answer.GetProperty("document");
        Assert.Equal("***", Text(document.GetProperty("Kestrel").GetProperty("Certificates").GetProperty("Default"), "Password"));
        var cluster = document.GetProperty("ReverseProxy").GetProperty("Clusters").GetProperty("h");
        Assert.Equal("http://***@127.0.0.1:1/?***", Text(cluster.GetProperty("Destinations").GetProperty("d"), "Address"));
        Assert.Equal("seen", Text(cluster.GetProperty("Metadata"), "Colour"));
        var file = Assert.Single(answer.GetProperty("files").EnumerateArray());
        var text = Text(file, "text")!;
        Assert.Equal(Secrets().Count(static c => c == '\n'), text.Count(static c => c == '\n'));
        Assert.Contains("127.0.0.1:0", text, StringComparison.Ordinal);
        Assert.True(file.GetProperty("exists").GetBoolean());
    }

    [Fact]
    public async Task Get_RejectedEdit_HasTheLineOfTheErrorAndNoSecret()
    {
        await using var host = await TestHost.StartAsync(Secrets());
        using var api = new AdminClient(host);
        await host.WriteAsync(
            Secrets()
                .Replace("\"Metadata\": { \"Colour\"", $"\"Tokn\": \"{Hidden}\",\n\"Metadata\": {{ \"Colour\"", StringComparison.Ordinal)
        );
        await Eventually.TrueAsync(() =>
            host.Status.Rejected.Count > 0 && host.Status.Rejected[0].Path.EndsWith("Tokn", StringComparison.Ordinal)
        );

        var (_, body) = await api.SendAsync(HttpMethod.Get, "/api/configuration");

        Assert.DoesNotContain(Hidden, body, StringComparison.Ordinal);
        var problem = Assert.Single(JsonDocument.Parse(body).RootElement.GetProperty("rejected").EnumerateArray());
        Assert.Equal("ReverseProxy:Clusters:h:Tokn", Text(problem, "path"));
        Assert.True(problem.GetProperty("line").GetInt32() > 1);
        Assert.Equal(
            $"{Text(problem, "file")}:{problem.GetProperty("line")}: {Text(problem, "path")}: {Text(problem, "message")}",
            Text(problem, "text")
        );
        // Text that is not JSON cannot be masked, so it is not shown.
        await host.WriteAsync($"{{ \"Admin\": {{ \"Token\": \"{Hidden}\" ");
        Assert.Equal(JsonValueKind.Null, (await api.GetAsync("/api/configuration")).GetProperty("files")[0].GetProperty("text").ValueKind);
    }

    [Fact]
    public async Task Difference_EditsThatWaitForARestartOrAreRejected_AreListedByPath()
    {
        await using var host = await TestHost.StartAsync(Config());
        using var api = new AdminClient(host);
        Assert.Equal(0, (await api.GetAsync("/api/configuration/difference")).GetArrayLength());
        await host.WriteAsync(
            Config()
                .Replace("\"ClusterId\": \"c\"", "\"ClusterId\": \"gone\", \"IdleTimeout\": \"00:01:00\"", StringComparison.Ordinal)
                .Replace("\"AllowChanges\": true", $"\"AllowChanges\": true, \"Token\": \"{Hidden}\"", StringComparison.Ordinal)
        );
        await Eventually.TrueAsync(() => host.Status.Rejected.Count > 0);

        var (_, body) = await api.SendAsync(HttpMethod.Get, "/api/configuration/difference");

        var entries = JsonDocument.Parse(body).RootElement.EnumerateArray();
        Assert.Equal(
            [
                ("Admin:Token", null, "***"),
                ("ReverseProxy:TcpRoutes:r:ClusterId", "c", "gone"),
                ("ReverseProxy:TcpRoutes:r:IdleTimeout", null, "00:01:00"),
            ],
            entries.Select(static entry => (Text(entry, "path")!, Text(entry, "running"), Text(entry, "onDisk")))
        );
    }

    [Fact]
    public async Task Validate_ValidDocument_IsComparedAndChangesNothing()
    {
        await using var host = await TestHost.StartAsync(Config(admin: """{ "Url": "http://127.0.0.1:0" }"""));
        using var api = new AdminClient(host);
        var before = host.Status.Running;

        // The posted address does not exist on this host; validation does not try to bind it.
        var (status, body) = await api.SendAsync(
            HttpMethod.Post,
            Validate,
            Config().Replace("127.0.0.1:0\", \"ClusterId", "192.0.2.1:1\", \"ClusterId", StringComparison.Ordinal)
        );

        Assert.Equal(HttpStatusCode.OK, status);
        var answer = JsonDocument.Parse(body).RootElement;
        Assert.True(answer.GetProperty("valid").GetBoolean(), body);
        Assert.Contains(
            answer.GetProperty("difference").EnumerateArray(),
            static entry => Text(entry, "path") == "ReverseProxy:TcpRoutes:r:Listen" && Text(entry, "posted") == "192.0.2.1:1"
        );
        Assert.Same(before, host.Status.Running);
    }

    [Theory]
    [InlineData("{ \"ReverseProxy\": { \"TcpRoute\": {} } }", "document:1: ReverseProxy:TcpRoute: unknown key; did you mean 'TcpRoutes'?")]
    [InlineData("", "document:1: is not valid JSON")]
    [InlineData("nonsense", "is not valid JSON")]
    [InlineData("[]", "must be one JSON object")]
    [InlineData("null", "must be one JSON object")]
    [InlineData("{} {}", "is not valid JSON")]
    [InlineData("{ \"Admin\": {}, \"admin\": {} }", "the key occurs twice")]
    [InlineData("{ \"Admin\": \"hunter2\" }", "'***' is a value; an object with keys is expected here")]
    [InlineData("{ \"Admin\": { \"Token\": [\"hunter2\"] } }", "a single value is expected here")]
    [InlineData("{ \"Admin\": { \"Token\": \"hunter2 \" } }", "which a header cannot contain")]
    [InlineData("{ \"Admin\": { \"Url\": \"http://me:hunter2@127.0.0.1:1\" } }", "no admin address")]
    [InlineData("{ \"Admin\": { \"Url\": \"https://127.0.0.1:1\" } }", "https:// needs a certificate")]
    [InlineData("{ \"Admin\": { \"Url\": \"http://0.0.0.0:1\" } }", "is not a loopback address")]
    [InlineData("{ \"Admin\": { \"ClientCertificateAuthority\": \"ca.pem\" } }", "needs https:// in Admin:Url")]
    public async Task Validate_InvalidDocument_HasTheErrorsOfCheckAndNoSecret(string document, string expected)
    {
        await using var host = await TestHost.StartAsync(Config());
        using var api = new AdminClient(host);

        var (status, body) = await api.SendAsync(HttpMethod.Post, Validate, document);

        Assert.Equal(HttpStatusCode.OK, status);
        var answer = JsonDocument.Parse(body).RootElement;
        Assert.False(answer.GetProperty("valid").GetBoolean());
        Assert.Contains(
            answer.GetProperty("errors").EnumerateArray(),
            error => Text(error, "text")!.Contains(expected, StringComparison.Ordinal)
        );
        Assert.DoesNotContain(Hidden, body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Validate_UnusualBodies_HaveTheExpectedStatus()
    {
        await using var host = await TestHost.StartAsync(Config());
        using var api = new AdminClient(host);

        var (deep, body) = await api.SendAsync(HttpMethod.Post, Validate, string.Concat(Enumerable.Repeat("{\"a\":", 100_000)));
        Assert.Equal((HttpStatusCode.OK, true), (deep, body.Contains("is not valid JSON", StringComparison.Ordinal)));
        // With Expect: 100-continue, as curl sends large bodies, the server refuses the body without reading it.
        using var huge = new StringContent($"{{ \"x\": \"{new string('x', 4 << 20)}\" }}", Encoding.UTF8, "application/json");
        var (large, _) = await api.SendAsync(HttpMethod.Post, Validate, huge, static request => request.Headers.ExpectContinue = true);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, large);
        using var text = new StringContent("{}", Encoding.UTF8, "text/plain");
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, (await api.SendAsync(HttpMethod.Post, Validate, text)).Status);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, (await api.SendAsync(HttpMethod.Post, Validate)).Status);
        var wide =
            $"{{ \"ReverseProxy\": {{ \"TcpRoutes\": {{ {string.Join(',', Enumerable.Range(0, 19_997).Select(static i => $"\"r{i}\": 1"))} }} }} }}";
        Assert.Equal(HttpStatusCode.OK, (await api.SendAsync(HttpMethod.Post, Validate, wide)).Status);
        var error = await api.ErrorAsync(
            HttpStatusCode.RequestEntityTooLarge,
            HttpMethod.Post,
            Validate,
            wide.Insert(wide.Length - 1, ", \"Demo\": null")
        );
        Assert.Contains("more than 20000 values", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Validate_BodyThatNeverEnds_Is408()
    {
        await using var host = await TestHost.StartAsync(Config());
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, host.Urls.Single().Port);
        await socket.SendAsync(
            Encoding.ASCII.GetBytes(
                $"POST {Validate} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{{"
            )
        );
        using var limit = new CancellationTokenSource(Eventually.Limit);
        var buffer = new byte[1024];

        var count = await socket.ReceiveAsync(buffer, limit.Token);

        Assert.StartsWith("HTTP/1.1 408 ", Encoding.ASCII.GetString(buffer, 0, count), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reload_EditedFile_IsApplied()
    {
        await using var host = await TestHost.StartAsync(Config());
        using var api = new AdminClient(host);
        var before = host.Status.Running!.Id;
        await host.WriteAsync(
            Config().Replace("\"ClusterId\": \"c\"", "\"ClusterId\": \"c\", \"IdleTimeout\": \"00:01:00\"", StringComparison.Ordinal)
        );

        var (status, body) = await api.SendAsync(HttpMethod.Post, "/api/configuration/reload");

        Assert.Equal(HttpStatusCode.Accepted, status);
        Assert.True(JsonDocument.Parse(body).RootElement.TryGetProperty("document", out _));
        await Eventually.TrueAsync(() => host.Status.Running!.Id != before);
    }

    [Fact]
    public async Task Reload_Wait_AnswersWithTheRevisionOrTheProblems()
    {
        await using var host = await TestHost.StartAsync(Config());
        using var api = new AdminClient(host);
        var before = host.Status.Running!.Id;
        await host.WriteAsync(Edited("IdleTimeout"));

        var (status, body) = await api.SendAsync(HttpMethod.Post, "/api/configuration/reload?wait=60");

        Assert.Equal(HttpStatusCode.OK, status);
        var revision = JsonDocument.Parse(body).RootElement.GetProperty("revision").GetString();
        Assert.NotEqual(before, revision);
        Assert.Equal(revision, host.Status.Running!.Id);

        await host.WriteAsync(Edited("IdleTimeuot"));
        (status, body) = await api.SendAsync(HttpMethod.Post, "/api/configuration/reload?wait=60");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, status);
        var answer = JsonDocument.Parse(body).RootElement;
        Assert.Contains("IdleTimeuot", answer.GetProperty("rejected")[0].GetProperty("text").GetString(), StringComparison.Ordinal);
        Assert.Equal(revision, answer.GetProperty("revision").GetString());

        (status, _) = await api.SendAsync(HttpMethod.Post, "/api/configuration/reload?wait=60"); // it is still rejected
        Assert.Equal(HttpStatusCode.UnprocessableEntity, status);
    }

    [Fact]
    public async Task Reload_TimeIsOverBeforeItIsDone_202AndWhatRuns()
    {
        await using var host = await TestHost.StartAsync(Config());
        using var api = new AdminClient(host);
        var before = host.Status.Running!.Id;
        var state = host.Services.GetRequiredService<ProxyStatus>();
        state.EditNoticed(); // and not read yet

        var (status, body) = await api.SendAsync(HttpMethod.Post, "/api/configuration/reload?wait=0.5");

        Assert.Equal(HttpStatusCode.Accepted, status);
        var answer = JsonDocument.Parse(body).RootElement;
        Assert.Equal(before, Text(answer, "revision"));
        Assert.Equal(JsonValueKind.Null, answer.GetProperty("pending").ValueKind);
        Assert.Empty(answer.GetProperty("rejected").EnumerateArray());
        state.Settled(state.Edits);
        (status, _) = await api.SendAsync(HttpMethod.Post, "/api/configuration/reload?wait=60");
        Assert.Equal(HttpStatusCode.OK, status);
    }

    [Fact]
    public async Task Get_AFileThatWasReplacedBehindItsMount_IsNamedInStatusAndReadiness()
    {
        await using var host = await TestHost.StartAsync(Config());
        using var api = new AdminClient(host);
        Assert.Empty(await ReplacedAsync("/api/status"));
        Assert.Empty(await ReplacedAsync("/healthz/ready"));

        host.Services.GetRequiredService<ProxyStatus>().Update(static state => state with { ReplacedFiles = ["/etc/proxy/proxy.json"] });

        Assert.Equal(["/etc/proxy/proxy.json"], await ReplacedAsync("/api/status"));
        Assert.Equal(["/etc/proxy/proxy.json"], await ReplacedAsync("/healthz/ready"));

        async Task<IReadOnlyList<string?>> ReplacedAsync(string path)
        {
            var (status, body) = await api.SendAsync(HttpMethod.Get, path);
            Assert.Equal(HttpStatusCode.OK, status); // what runs goes on
            return
            [
                .. JsonDocument
                    .Parse(body)
                    .RootElement.GetProperty("replacedFiles")
                    .EnumerateArray()
                    .Select(static file => file.GetString()),
            ];
        }
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("61")]
    [InlineData("NaN")]
    [InlineData("soon")]
    public async Task Reload_WaitIsNoTime_400(string wait)
    {
        await using var host = await TestHost.StartAsync(Config());
        using var api = new AdminClient(host);

        var (status, _) = await api.SendAsync(HttpMethod.Post, $"/api/configuration/reload?wait={wait}");

        Assert.Equal(HttpStatusCode.BadRequest, status);
    }

    public void Dispose() => _server.Dispose();

    private string Edited(string key) =>
        Config().Replace("\"ClusterId\": \"c\"", $"\"ClusterId\": \"c\", \"{key}\": \"00:01:00\"", StringComparison.Ordinal);

    private string Config(string admin = AdminClient.Changes) => AdminClient.With(admin, Json.Routes(Json.Route("r"), _server.Port));

    // A document with a secret in every place that can contain one.
    private static string Secrets() =>
        $$"""
            { // {{Hidden}}
              "Admin": { "Url": "http://127.0.0.1:0", "AllowChanges": true },
              /* {{Hidden}}
                 too */
              "Kestrel": { "Certificates": { "Default": { "Password": "{{Hidden}}" } } },
              "Others": { "Anything": "{{Hidden}}", "Number": 1 },
              "ReverseProxy": {
                "Routes": { "r": { "ClusterId": "h",
                  "Match": { "Path": "/", "Headers": [ { "Name": "X-Key", "Values": [ "{{Hidden}}" ] } ] },
                  "Metadata": { "ApiKey": "{{Hidden}}" },
                  "Transforms": [ { "RequestHeader": "Authorization", "Set": "Bearer {{Hidden}}" } ] } },
                "Clusters": { "h": {
                  "Metadata": { "Colour": "seen" },
                  "Destinations": { "d": { "Address": "http://me:{{Hidden}}@127.0.0.1:1/?key={{Hidden}}" } } } } } }
            """;

    private static string? Text(JsonElement element, string name) => element.GetProperty(name).GetString();
}

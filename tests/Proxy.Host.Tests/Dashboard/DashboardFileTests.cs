using System.Net;
using System.Text.RegularExpressions;
using Proxy.Host.Dashboard;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.Dashboard;

/// <summary>The files of the dashboard, without a browser.</summary>
public sealed partial class DashboardFileTests : IDisposable
{
    private readonly HttpClient _http = new();

    [Fact]
    public void ReadAll_EveryReferencedFile_Exists()
    {
        var files = DashboardFile.ReadAll();

        Assert.All(References(files), path => Assert.Contains(path, files.Keys));
        Assert.All(
            Scripts(files).SelectMany(static file => Imports(file.Path, file.Text)),
            import => Assert.Contains(import.Target, files.Keys)
        );
    }

    [Fact]
    public void ReadAll_EveryScript_IsImportedOrLoaded()
    {
        var files = DashboardFile.ReadAll();
        var used = Scripts(files)
            .SelectMany(static file => Imports(file.Path, file.Text))
            .Select(static import => import.Target)
            .Concat(References(files))
            .ToHashSet(StringComparer.Ordinal);

        Assert.All(files.Keys.Where(static path => path.EndsWith(".js", StringComparison.Ordinal)), path => Assert.Contains(path, used));
    }

    [Fact]
    public void ReadAll_Scripts_ParseNoHtmlAndUseNoOtherHosts()
    {
        var files = DashboardFile.ReadAll();

        Assert.All(
            Scripts(files),
            static file =>
                Assert.DoesNotMatch(@"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function|https?://", file.Text)
        );
        Assert.DoesNotMatch(@"<script>|<style|\sstyle=|\son\w+=|https?://", Text(files[DashboardFile.Index]));
    }

    [Fact]
    public async Task Get_WithToken_PageNeedsNoTokenAndApiDoes()
    {
        await using var host = await StartAsync("""{ "Url": "http://127.0.0.1:0", "Token": "secret" }""");

        using var page = await GetAsync(host, "/");
        Assert.Equal((HttpStatusCode.OK, "text/html"), (page.StatusCode, page.Content.Headers.ContentType!.MediaType));
        Assert.Contains("default-src 'none'", page.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.Equal("nosniff", page.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.True(page.Headers.CacheControl!.NoCache);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync(host, "/dashboard/app.js")).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await GetAsync(host, "/api/status")).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await GetAsync(host, "/api/events")).StatusCode);
    }

    [Fact]
    public async Task Get_SameTag_NotModified()
    {
        await using var host = await StartAsync();
        using var first = await GetAsync(host, "/dashboard/style.css");

        using var again = new HttpRequestMessage(HttpMethod.Get, new Uri(host.Urls.Single(), "/dashboard/style.css"));
        again.Headers.IfNoneMatch.Add(first.Headers.ETag!);
        using var second = await _http.SendAsync(again);
        using var head = new HttpRequestMessage(HttpMethod.Head, new Uri(host.Urls.Single(), "/dashboard/style.css"));
        using var third = await _http.SendAsync(head);

        Assert.Equal((HttpStatusCode.NotModified, ""), (second.StatusCode, await second.Content.ReadAsStringAsync()));
        Assert.Equal(first.Content.Headers.ContentLength, third.Content.Headers.ContentLength);
        Assert.Empty(await third.Content.ReadAsByteArrayAsync());
    }

    [Theory]
    [InlineData("/dashboard/")]
    [InlineData("/dashboard/none.js")]
    [InlineData("/dashboard/APP.JS")]
    [InlineData("/dashboard/..%2f..%2fproxy.json")]
    [InlineData("/dashboard/%2e%2e/proxy.json")]
    [InlineData("/dashboard/vendor")]
    [InlineData("/dashboard//etc/passwd")]
    public async Task Get_UnknownFile_NotFound(string path)
    {
        await using var host = await StartAsync();

        Assert.Equal(HttpStatusCode.NotFound, (await GetAsync(host, path)).StatusCode);
    }

    public void Dispose() => _http.Dispose();

    private static Task<TestHost> StartAsync(string admin = """{ "Url": "http://127.0.0.1:0" }""") =>
        TestHost.StartAsync($$"""{ "Admin": {{admin}} }""");

    private Task<HttpResponseMessage> GetAsync(TestHost host, string path) => _http.GetAsync(new Uri(host.Urls.Single(), path));

    private static IEnumerable<(string Path, string Text)> Scripts(IEnumerable<KeyValuePair<string, DashboardFile>> files) =>
        files
            .Where(static file =>
                file.Key.EndsWith(".js", StringComparison.Ordinal) && !file.Key.StartsWith("vendor/", StringComparison.Ordinal)
            )
            .Select(static file => (file.Key, Text(file.Value)));

    private static IEnumerable<(string From, string Target)> Imports(string path, string text) =>
        Import().Matches(text).Select(match => (path, new Uri(new Uri($"http://host/{path}"), match.Groups[1].Value).AbsolutePath[1..]));

    // Links that begin with # are views and not files.
    private static IEnumerable<string> References(IReadOnlyDictionary<string, DashboardFile> files) =>
        Reference()
            .Matches(Text(files[DashboardFile.Index]))
            .Select(static match => match.Groups[1].Value)
            .Where(static path => !path.StartsWith('#'))
            .Select(static path => path["dashboard/".Length..]);

    private static string Text(DashboardFile file) => System.Text.Encoding.UTF8.GetString(file.Content);

    [GeneratedRegex("(?:href|src)=\"([^\"]+)\"")]
    private static partial Regex Reference();

    [GeneratedRegex("from '([^']+)'")]
    private static partial Regex Import();
}

using System.Text.Json;
using System.Text.Json.Nodes;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.Cli.Remote;

/// <summary><c>proxy status</c> in a process of its own, beside a host in this one.</summary>
public sealed class StatusCommandTests : IAsyncLifetime
{
    private readonly TcpServer _first = new("first");
    private readonly TcpServer _second = new("second");
    private TestHost _host = null!;

    public async Task InitializeAsync() =>
        _host = await TestHost.StartAsync(
            $$"""
            { "Admin": { "Url": "http://127.0.0.1:0" }, "ReverseProxy": {
                "TcpRoutes": { "r": { "Listen": "127.0.0.1:0", "ClusterId": "c" } },
                "Clusters": { "c": {{Json.Cluster(_first.Port, _second.Port)}} } } }
            """
        );

    public async Task DisposeAsync()
    {
        _first.Dispose();
        _second.Dispose();
        await _host.DisposeAsync();
    }

    [Fact]
    public async Task Run_HostRuns_ShowsRoutesAndDestinations()
    {
        using var client = await TcpClientSocket.ConnectAsync(_host.Address);
        Assert.Equal("first", await client.ReadAsync());

        var (exit, output, _) = await RunAsync("status");

        Assert.Equal(0, exit);
        Assert.Contains(", ready, up ", output, StringComparison.Ordinal);
        Assert.Matches(@"(?m)^r +Forward +c +1 +0 +0 ", output);
        Assert.Matches(@"(?m)^c/d0 +tcp://127\.0\.0\.1:[0-9]+ +available +1$", output);
    }

    [Fact]
    public async Task Run_Check_ExitsWithThreeWhileSomethingIsDown()
    {
        var (well, nothing, _) = await RunAsync("status", "--check");
        Assert.Equal((0, "health: "), (well, nothing.Trim()[..8]));
        Assert.DoesNotContain("route r", nothing, StringComparison.Ordinal);
        await using var failing = Fail();
        var (exit, output) = (0, "");
        await Eventually.TrueAsync(async () =>
        {
            (exit, output, _) = await RunAsync("status", "--check");
            return output.Contains("! DOWN route r: ClientsFail since ", StringComparison.Ordinal)
                && output.Contains("! DOWN destination c/d0: ConnectFailed since ", StringComparison.Ordinal);
        });

        var (ready, page, _) = await RunAsync("status");

        Assert.Equal((3, 0), (exit, ready));
        Assert.DoesNotContain("ROUTE", output, StringComparison.Ordinal);
        Assert.Contains("! DOWN route r: ClientsFail since ", page, StringComparison.Ordinal);
        Assert.Matches(@"(?m)^c/d0 +tcp://127\.0\.0\.1:[0-9]+ +down \(ConnectFailed\) +[01]$", page);
        Assert.Matches(@"FAILED LAST +OUTCOME", page);
        Assert.Matches(@"Z +ConnectFailed +r +c/d[01] +127\.0\.0\.1:", page);
    }

    [Fact]
    public async Task Run_Watch_ShowsNewConnections()
    {
        using var watching = new ProxyProcess("", "status", "--watch", "--admin", Url);
        await Eventually.TrueAsync(() => watching.Output.Contains("0 connections", StringComparison.Ordinal));

        using var client = await TcpClientSocket.ConnectAsync(_host.Address);

        await Eventually.TrueAsync(() => watching.Output.Contains("\n1 connections", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Run_Wide_HasMoreColumns()
    {
        var (_, table, _) = await RunAsync("status");
        var (_, wide, _) = await RunAsync("status", "-o", "wide");

        Assert.DoesNotContain("ENDPOINTS", table, StringComparison.Ordinal);
        Assert.Matches(@"(?m)^r +Forward +c +0 +0 +0 +0 B +0 B +127\.0\.0\.1:0$", wide);
        Assert.Matches(@"(?m)^DESTINATION .*ACTIVE CHECK +PASSIVE CHECK +POLICY +TLS +DRAINED BY$", wide);
    }

    [Fact]
    public async Task Run_Json_HasTheAnswersOfTheApi()
    {
        var (exit, output, _) = await RunAsync("status", "-o", "json");

        Assert.Equal(0, exit);
        var page = JsonNode.Parse(output)!.AsObject();
        Assert.Equal(["status", "routes", "clusters", "health", "history"], page.Select(static pair => pair.Key));
        Assert.True(page["status"]!["ready"]!.GetValue<bool>());
        await AssertSameAsync("api/routes", page["routes"]);
        await AssertSameAsync("api/clusters", page["clusters"]);
        await AssertSameAsync("api/conditions", page["health"]);
        Assert.Equal(2, page["history"]!["interval"]!.GetValue<double>());
    }

    [Fact]
    public async Task Run_CheckAsJson_HasWhatIsWrongAndTheSameExitCode()
    {
        await using var failing = Fail();
        var (exit, output) = (0, "");
        await Eventually.TrueAsync(async () =>
        {
            (exit, output, _) = await RunAsync("status", "--check", "-o", "json");
            return exit == 3;
        });

        var check = JsonNode.Parse(output)!.AsObject();
        Assert.Equal(["status", "health"], check.Select(static pair => pair.Key));
        Assert.Equal("Down", check["health"]!["level"]!.GetValue<string>());
        Assert.Equal("Down", check["health"]!["conditions"]![0]!["level"]!.GetValue<string>());
    }

    [Fact]
    public async Task Run_WatchAsJson_IsOneDocumentPerLine()
    {
        using var watching = new ProxyProcess("", "status", "--watch", "-o", "json", "--admin", Url);
        await Eventually.TrueAsync(() => Lines(watching).Count > 0);

        using var client = await TcpClientSocket.ConnectAsync(_host.Address);

        await Eventually.TrueAsync(() => Lines(watching).Any(static line => Open(line) == 1));
        Assert.Equal(0, Open(Lines(watching)[0]));
    }

    [Fact]
    public async Task Run_WatchCheck_ShowsWhatGoesWrong()
    {
        using var watching = new ProxyProcess("", "status", "--watch", "--check", "--admin", Url);
        await Eventually.TrueAsync(() => watching.Output.Contains("health: ", StringComparison.Ordinal));

        await using var failing = Fail();

        await Eventually.TrueAsync(() => watching.Output.Contains("! DOWN route r: ClientsFail since ", StringComparison.Ordinal));
        Assert.DoesNotContain("ROUTE", watching.Output, StringComparison.Ordinal);
    }

    private string Url => _host.Urls.Single().GetLeftPart(UriPartial.Authority);

    private Task<(int ExitCode, string Output, string Errors)> RunAsync(params string[] arguments) =>
        ProxyProcess.RunAsync([.. arguments, "--admin", Url]);

    private static int Open(string line)
    {
        using var page = JsonDocument.Parse(line);
        return page.RootElement.GetProperty("status").GetProperty("connections").GetProperty("open").GetInt32();
    }

    // Only lines that have ended: the last one may be on its way.
    private static List<string> Lines(ProxyProcess process) => [.. process.Output.Split('\n')[..^1]];

    private async Task AssertSameAsync(string path, JsonNode? printed)
    {
        using var http = new HttpClient();
        var answer = await http.GetStringAsync(new Uri($"{Url}/{path}"));
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(answer), printed), $"{printed} is not {answer}");
    }

    // Clients that are refused for as long as a test looks: what happened more than a minute ago is forgotten.
    private Repeating Fail()
    {
        _first.Dispose();
        _second.Dispose();
        return new(async () =>
        {
            using var client = await TcpClientSocket.ConnectAsync(_host.Address);
            Assert.Null(await client.ReadAsync());
        });
    }
}

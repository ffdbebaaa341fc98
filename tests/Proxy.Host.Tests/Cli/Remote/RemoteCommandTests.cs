using System.Text.Json;
using System.Text.Json.Nodes;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.Cli.Remote;

/// <summary>The commands that connect to a running host. The host runs in this process, and each command in its own.</summary>
public sealed class RemoteCommandTests : IAsyncLifetime
{
    private const string Admin = """ "Admin": { "Url": "http://127.0.0.1:0", "AllowChanges": true } """;

    private readonly TcpServer _first = new("first");
    private readonly TcpServer _second = new("second");
    private TestHost _host = null!;

    public async Task InitializeAsync() => _host = await TestHost.StartAsync(Document(Admin));

    public async Task DisposeAsync()
    {
        _first.Dispose();
        _second.Dispose();
        await _host.DisposeAsync();
    }

    [Fact]
    public async Task Connections_OneOpen_IsListedAndCanBeClosed()
    {
        using var client = await TcpClientSocket.ConnectAsync(_host.Address);
        Assert.Equal("first", await client.ReadAsync());
        var id = _host.Tracker.Open.Single().Id;

        var (_, listed, _) = await RunAsync("connections", "--route", "r", "--client", "127.0.0.1");
        var (_, others, _) = await RunAsync("connections", "--client", "10.0.0.0/8");
        var (exit, closed, _) = await RunAsync("close", id);

        Assert.Contains($"\n{id} ", listed, StringComparison.Ordinal);
        Assert.Contains("1 of 1 shown, 1 open.", listed, StringComparison.Ordinal);
        Assert.Contains("0 of 0 shown, 1 open.", others, StringComparison.Ordinal);
        Assert.Equal((0, $"{id} closed"), (exit, closed.Trim()));
        Assert.Null(await client.ReadAsync());
    }

    [Fact]
    public async Task Close_UnknownAndKnownId_ClosesTheKnownAndExitsWithOne()
    {
        using var client = await TcpClientSocket.ConnectAsync(_host.Address);
        await Eventually.TrueAsync(() => _host.Tracker.Count == 1);

        var (exit, _, errors) = await RunAsync("close", "none", _host.Tracker.Open.Single().Id);

        Assert.Equal(1, exit);
        Assert.Contains("'none'", errors, StringComparison.Ordinal);
        await Eventually.TrueAsync(() => _host.Tracker.Count == 0);
    }

    [Fact]
    public async Task Drain_Destination_GetsNoConnectionsUntilUndo()
    {
        using var old = await TcpClientSocket.ConnectAsync(_host.Address);
        Assert.Equal("first", await old.ReadAsync());

        var (waited, output, _) = await RunAsync("drain", "c/d0", "--wait", "0");
        Assert.Equal((1, "c/d0 drained, 1 open"), (waited, output.Trim()));
        Assert.Equal("second", await GreetingAsync());
        Assert.Equal("x", await old.AskAsync("x"));

        var (exit, undone, _) = await RunAsync("drain", "c/d0", "--undo");
        Assert.Equal((0, "c/d0 in use, 1 open"), (exit, undone.Trim()));
        Assert.Equal("first", await GreetingAsync());
    }

    [Fact]
    public async Task Drain_WithClose_ResetsOpenConnections()
    {
        using var old = await TcpClientSocket.ConnectAsync(_host.Address);
        Assert.Equal("first", await old.ReadAsync());

        var (exit, output, _) = await RunAsync("drain", "c/d0", "--close");

        Assert.Equal(0, exit);
        Assert.EndsWith("1 closed", output.Trim(), StringComparison.Ordinal);
        Assert.Null(await old.ReadAsync());
    }

    [Fact]
    public async Task Reload_GoodAndBadEdit_PrintsTheRevisionOrTheErrors()
    {
        await _host.WriteAsync(Document(Admin, "\"IdleTimeout\": \"00:00:42\""));
        var (good, output, _) = await RunAsync("reload");
        await _host.WriteAsync(Document(Admin, "\"IdleTimeuot\": \"00:00:42\""));
        var (bad, _, errors) = await RunAsync("reload");

        Assert.Equal((0, $"configuration {_host.Status.Running!.Id} runs"), (good, output.Trim()));
        Assert.Equal(TimeSpan.FromSeconds(42), _host.Status.Running.Config.ReverseProxy.TcpRoutes["r"].IdleTimeout);
        Assert.Equal(2, bad);
        Assert.Contains("did you mean 'IdleTimeout'?", errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("drain", "c")]
    [InlineData("drain", "/d0")]
    [InlineData("drain")]
    [InlineData("close")]
    [InlineData("connections", "--sort", "unknown")]
    [InlineData("status", "--token-file", "/nowhere")]
    [InlineData("status", "--certificate", "/nowhere")]
    public async Task Run_BadUsage_ExitsWithTwoAndAReason(params string[] arguments)
    {
        var (exit, output, errors) = await RunAsync(arguments);

        Assert.Equal(2, exit);
        Assert.NotEmpty((output + errors).Trim());
    }

    [Theory]
    [InlineData("http://127.0.0.1:1", 1, "does not answer")]
    [InlineData("nonsense", 2, "is not a URL of an admin endpoint")]
    public async Task Status_NoHost_PrintsOneLine(string address, int expected, string reason)
    {
        var (exit, _, errors) = await ProxyProcess.RunAsync("status", "--admin", address);

        Assert.Equal(expected, exit);
        Assert.Contains(reason, Assert.Single(errors.Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Status_TokenRequired_FailsWithoutToken()
    {
        await using var host = await TestHost.StartAsync(Document(""" "Admin": { "Url": "http://127.0.0.1:0", "Token": "secret-1" } """));
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, "secret-1\n");

        var (without, _, reason) = await ProxyProcess.RunAsync("status", "--admin", Url(host));
        var (with, _, _) = await ProxyProcess.RunAsync("status", "--admin", Url(host), "--token-file", file);
        using var process = new ProxyProcess("PROXY_ADMIN_TOKEN='secret-1'", "status", "--admin", Url(host));

        Assert.Equal((2, 0, 0), (without, with, await process.ExitAsync()));
        Assert.Contains("PROXY_ADMIN_TOKEN", reason, StringComparison.Ordinal);
        File.Delete(file);
    }

    [Fact]
    public async Task Close_ChangesNotAllowed_NamesTheKeyThatAllowsThem()
    {
        await using var host = await TestHost.StartAsync(Document(""" "Admin": { "Url": "http://127.0.0.1:0" } """));

        var (exit, _, errors) = await ProxyProcess.RunAsync("close", "x", "--admin", Url(host));

        Assert.Equal(1, exit);
        Assert.Contains("Admin:AllowChanges", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_Against_PrintsDifferences()
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, Document(Admin));
        var (same, runs, _) = await ProxyProcess.RunAsync("check", file, "--against", Url(_host));
        await File.WriteAllTextAsync(file, Document(Admin, "\"IdleTimeout\": \"00:00:42\""));
        var (changed, difference, _) = await ProxyProcess.RunAsync("check", file, "--against", Url(_host));
        File.Delete(file);

        Assert.Equal((0, 0), (same, changed));
        Assert.Contains("runs this configuration", runs, StringComparison.Ordinal);
        Assert.Contains("+ ReverseProxy:TcpRoutes:r:IdleTimeout: \"00:00:42\"", difference, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_ProbeOfAddressesOfARunningHost_SucceedsOnlyWithAgainst()
    {
        var port = ((System.Net.IPEndPoint)_host.Address).Port;
        await using var host = await TestHost.StartAsync(Document(Admin, listen: $"127.0.0.2:{port}"));
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, Document(Admin, listen: $"127.0.0.2:{port}"));

        var (alone, output, _) = await ProxyProcess.RunAsync("check", "--probe", file);
        var (beside, _, _) = await ProxyProcess.RunAsync("check", "--probe", file, "--against", Url(host));
        File.Delete(file);

        Assert.Equal((2, 0), (alone, beside));
        Assert.Contains("another socket listens there", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("secret-1")]
    [InlineData(null)]
    public async Task Check_ProbeOfItsOwnFile_SaysThatAHostRunsThere(string? token)
    {
        var secret = token is null ? "" : $", \"Token\": \"{token}\"";
        var document = Document(
            $$""" "Admin": { "Url": "http://127.0.0.1:{{Ports.Free()}}"{{secret}} } """,
            listen: $"127.0.0.1:{Ports.Free()}"
        );
        await using var host = await TestHost.StartAsync(document);
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, document);

        var (exit, output, _) = await ProxyProcess.RunAsync("check", "--probe", file);
        var (_, json, _) = await ProxyProcess.RunAsync("check", "--probe", file, "-o", "json");
        await File.WriteAllTextAsync(file, document.Replace("\"ClusterId\": \"c\"", "\"ClusterId\": \"d\"", StringComparison.Ordinal));
        var (wrong, _, _) = await ProxyProcess.RunAsync("check", "--probe", file);
        File.Delete(file);

        Assert.Equal((0, 2), (exit, wrong));
        Assert.StartsWith($"A host that runs already answers at {Url(host)} (Admin:Url): ", output, StringComparison.Ordinal);
        using var answer = JsonDocument.Parse(json);
        Assert.Equal(Url(host), answer.RootElement.GetProperty("runningHost").GetString());
    }

    [Fact]
    public async Task Check_Json_HasEachErrorWithItsPlace()
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, Document(Admin, "\"IdleTimeuot\": \"00:00:42\""));
        var (exit, output, _) = await ProxyProcess.RunAsync("check", file, "-o", "json");
        File.Delete(file);

        Assert.Equal(2, exit);
        using var answer = JsonDocument.Parse(output);
        Assert.False(answer.RootElement.GetProperty("valid").GetBoolean());
        var error = Assert.Single(answer.RootElement.GetProperty("errors").EnumerateArray());
        Assert.Equal("ReverseProxy:TcpRoutes:r:IdleTimeuot", error.GetProperty("path").GetString());
        Assert.Equal((file, 2), (error.GetProperty("file").GetString(), error.GetProperty("line").GetInt32()));
    }

    [Theory]
    [InlineData("endpoints", "api/endpoints")]
    [InlineData("routes", "api/routes")]
    [InlineData("destinations", "api/clusters")]
    [InlineData("channels", "api/channels")]
    [InlineData("members", "api/members")]
    [InlineData("tunnels", "api/tunnels")]
    [InlineData("lock list", "api/locks")]
    [InlineData("multiplex list", "api/multiplex")]
    public async Task List_Json_IsWhatTheApiAnswers(string command, string path)
    {
        var (exit, output, _) = await RunAsync([.. command.Split(' '), "-o", "json"]);
        using var http = new HttpClient();
        var answer = await http.GetStringAsync(new Uri($"{Url(_host)}/{path}"));

        Assert.Equal(0, exit);
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(answer), JsonNode.Parse(output)), $"{output} is not {answer}");
    }

    [Fact]
    public async Task List_TableAndWide_ShowsWhatRuns()
    {
        var (_, endpoints, _) = await RunAsync("endpoints");
        var (_, routes, _) = await RunAsync("routes", "-o", "wide");
        var (_, destinations, _) = await RunAsync("destinations");

        Assert.Matches($"(?m)^127.0.0.1:0 +{_host.Address} +0 +r$", endpoints);
        Assert.Matches("(?m)^r +Forward +c +0 +0 +0 +0 B +0 B +127.0.0.1:0$", routes);
        Assert.Matches("(?m)^c/d1 +tcp://127.0.0.1:[0-9]+ +not checked +0$", destinations);
    }

    [Fact]
    public async Task Connections_Json_IsOnePageOfAll()
    {
        using var client = await TcpClientSocket.ConnectAsync(_host.Address);
        Assert.Equal("first", await client.ReadAsync());

        var (_, output, _) = await RunAsync("connections", "-o", "json");

        using var page = JsonDocument.Parse(output);
        var one = Assert.Single(page.RootElement.GetProperty("items").EnumerateArray());
        Assert.Equal(_host.Tracker.Open.Single().Id, one.GetProperty("id").GetString());
        Assert.Equal(1, page.RootElement.GetProperty("matching").GetInt32());
    }

    [Theory]
    [InlineData("--route", "nope", "There is no route 'nope'; routes of http", ": 'r'.")]
    [InlineData("--endpoint", "nope", "There is no endpoint 'nope'; endpoints of http", ": '127.0.0.1:0'.")]
    [InlineData("--cluster", "nope", "There is no cluster 'nope'; clusters of http", ": 'c'.")]
    [InlineData("--destination", "nope", "There is no destination 'nope'; destinations of http", ": 'd0', 'd1'.")]
    public async Task Connections_UnknownName_IsAnError(string option, string name, string start, string end)
    {
        var (exit, output, errors) = await RunAsync("connections", option, name);

        Assert.Equal((1, ""), (exit, output.Trim()));
        Assert.StartsWith(start, errors, StringComparison.Ordinal);
        Assert.EndsWith(end, errors.Trim(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connections_KnownNameInOtherCase_IsNone()
    {
        var (exit, output, _) = await RunAsync("connections", "--route", "R");

        Assert.Equal(0, exit);
        Assert.EndsWith("0 of 0 shown, 0 open.", output.Trim(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Undrain_Drained_IsInUse()
    {
        await RunAsync("drain", "c/d0");
        var (exit, output, _) = await RunAsync("undrain", "c/d0", "-o", "json");

        Assert.Equal(0, exit);
        using var answer = JsonDocument.Parse(output);
        Assert.False(answer.RootElement.GetProperty("destination").GetProperty("drained").GetBoolean());
    }

    private static string Url(TestHost host) => host.Urls.Single().GetLeftPart(UriPartial.Authority);

    private Task<(int ExitCode, string Output, string Errors)> RunAsync(params string[] arguments) =>
        ProxyProcess.RunAsync([.. arguments, "--admin", Url(_host)]);

    private async Task<string?> GreetingAsync()
    {
        using var client = await TcpClientSocket.ConnectAsync(_host.Address);
        return await client.ReadAsync();
    }

    private string Document(string admin, string more = "", string listen = "127.0.0.1:0") =>
        $$"""
            { {{admin}}, "ReverseProxy": {
                "TcpRoutes": { "r": { "Listen": "{{listen}}", "ClusterId": "c"{{(more.Length > 0 ? ", " + more : "")}} } },
                "Clusters": { "c": {{Json.Cluster(_first.Port, _second.Port)}} } } }
            """;
}

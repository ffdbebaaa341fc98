using System.Text.Json.Nodes;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.Cli.Remote;

/// <summary><c>proxy conditions</c>, beside a host with a destination that serves and one that has refused every dial.</summary>
public sealed class ConditionsCommandTests : IAsyncLifetime
{
    private readonly TcpServer _server = new("hello");
    private TestHost _host = null!;
    private Repeating? _failing;

    public async Task InitializeAsync()
    {
        _host = await TestHost.StartAsync(
            $$"""
            { "Admin": { "Url": "http://127.0.0.1:0" }, "ReverseProxy": {
                "TcpRoutes": {
                  "good": { "Listen": "127.0.0.1:0", "ClusterId": "good" },
                  "bad": { "Listen": "127.0.0.2:0", "ClusterId": "bad" },
                  "device": { "Listen": "127.0.0.3:0", "ClusterId": "device", "Mode": "Multiplex" } },
                "Clusters": {
                  "good": { "Destinations": { "d": { "Address": "tcp://127.0.0.1:{{_server.Port}}" } } },
                  "bad": { "Tcp": { "ConnectAttempts": 2 }, "Destinations": { "d": { "Address": "tcp://127.0.0.1:{{Ports.Free()}}" } } },
                  "device": { "Destinations": { "d": { "Address": "tcp://127.0.0.1:{{_server.Port}}" } }, "Multiplex": { "Protocol": "modbus-tcp" } } } } }
            """
        );
        for (var count = 0; count < 3; count++)
        {
            await FailAsync();
        }

        await Eventually.TrueAsync(() => _host.Tracker.Count == 0);
        _failing = new(FailAsync); // what happened more than a minute ago is forgotten
    }

    public async Task DisposeAsync()
    {
        await StopFailingAsync();
        await _host.DisposeAsync();
        _server.Dispose();
    }

    [Fact]
    public async Task Run_NoOptions_ListsWhatIsWrongTheWorstFirst()
    {
        var (exit, output, _) = await RunAsync();

        Assert.Equal(0, exit);
        Assert.Matches(@"^LEVEL +KIND +ID +REASON +SINCE +LAST ERROR\r?\nDown ", output);
        Assert.Matches(@"(?m)^Down +Destination +bad/d +ConnectFailed +[0-9-]+ [0-9:]+Z .*refused", output);
        Assert.DoesNotContain("good", output, StringComparison.Ordinal);
        Assert.Matches(@"(?m)^[0-9]+ shown; [0-9]+ down, [0-9]+ degraded, [0-9]+ ok in all\.$", output);
    }

    [Fact]
    public async Task Run_Wide_HasTheCount() => Assert.Matches(@"REASON +SINCE +COUNT +LAST ERROR", (await RunAsync("-o", "wide")).Output);

    [Theory]
    [InlineData("Cluster bad", "--kind", "Cluster", "--level", "down")]
    [InlineData("Destination bad/d", "--kind", "destination")]
    [InlineData("Destination bad/d", "--id", "BAD/D")]
    [InlineData("Route good", "--kind", "Route", "--id", "good")]
    [InlineData("Route bad, Route device, Route good", "--kind", "Route", "--all")]
    [InlineData("Route device, Route good", "--kind", "Route", "--level", "ok")]
    [InlineData("", "--kind", "Route", "--level", "degraded")]
    [InlineData("", "--id", "good", "--level", "down")]
    [InlineData("", "--kind", "Unit", "--id", "device/d/7")]
    [InlineData("", "--kind", "Configuration", "--id", "Kestrel")]
    public async Task Run_Options_Choose(string expected, params string[] arguments)
    {
        var (exit, output, _) = await RunAsync([.. arguments, "-o", "json"]);

        Assert.Equal(0, exit);
        Assert.Equal(
            expected,
            string.Join(", ", JsonNode.Parse(output)!["conditions"]!.AsArray().Select(static one => $"{one!["kind"]} {one["id"]}"))
        );
    }

    [Fact]
    public async Task Run_Json_IsWhatTheApiAnswers()
    {
        await StopFailingAsync(); // else the figures change from one answer to the next
        await Eventually.TrueAsync(() => _host.Tracker.Count == 0);
        var (_, output, _) = await RunAsync("--all", "--kind", "Destination", "-o", "json");
        using var http = new HttpClient();
        var answer = await http.GetStringAsync(new Uri($"{Url}/api/conditions?all=true&kind=Destination"));

        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(answer), JsonNode.Parse(output)), $"{output} is not {answer}");
    }

    [Theory]
    [InlineData("There is no kind 'weather'; there are Route, Cluster, ", "Fleet.", "--kind", "weather")]
    [InlineData("There is no kind '3'; there are Route, ", "Fleet.", "--kind", "3")]
    [InlineData("There is no route 'nope'; routes of http", ": 'bad', 'device', 'good'.", "--kind", "Route", "--id", "nope")]
    [InlineData("There is no route 'bad/d'; routes of http", ": 'bad', 'device', 'good'.", "--kind", "Route", "--id", "bad/d")]
    [InlineData("There is no id 'device/x/7'; ids of http", ".", "--id", "device/x/7")]
    [InlineData("There is no unit 'good/d/7'; units of http", ": none.", "--kind", "Unit", "--id", "good/d/7")]
    public async Task Run_UnknownKindOrId_IsAnError(string start, string end, params string[] arguments)
    {
        var (exit, output, errors) = await RunAsync(arguments);

        Assert.Equal((1, ""), (exit, output.Trim()));
        Assert.StartsWith(start, errors, StringComparison.Ordinal);
        Assert.EndsWith(end, errors.Trim(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_UnknownLevel_IsBadUsage() => Assert.Equal(2, (await RunAsync("--level", "warm")).ExitCode);

    private async Task FailAsync()
    {
        using var client = await TcpClientSocket.ConnectAsync(_host.AddressOf("127.0.0.2"));
        Assert.Null(await client.ReadAsync());
    }

    private async Task StopFailingAsync()
    {
        if (_failing is { } failing)
        {
            _failing = null;
            await failing.DisposeAsync();
        }
    }

    private string Url => _host.Urls.Single().GetLeftPart(UriPartial.Authority);

    private Task<(int ExitCode, string Output, string Errors)> RunAsync(params string[] arguments) =>
        ProxyProcess.RunAsync(["conditions", .. arguments, "--admin", Url]);
}

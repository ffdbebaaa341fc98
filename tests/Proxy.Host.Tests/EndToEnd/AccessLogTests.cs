using System.Text.Json;
using Proxy.Diagnostics;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.EndToEnd;

/// <summary>The access log of a running host.</summary>
public sealed class AccessLogTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory();
    private readonly TcpServer _server = new("hello");

    private string Log => Path.Combine(_folder.FullName, "access.log");

    [Fact]
    public async Task Log_StartAndInterval_WritesLinesForOpenConnections()
    {
        await using var host = await TestHost.StartAsync(Config($$"""{ "Path": "{{Log}}", "Start": true, "Interval": "00:00:01" }"""));
        using (var client = await TcpClientSocket.ConnectAsync(host.Address))
        {
            Assert.Equal("hello", await client.ReadAsync());
            await Eventually.TrueAsync(() => Progress().ValueKind == JsonValueKind.Object);
            client.End();
            Assert.Equal("", await client.ReadAsync());
        }

        await Eventually.TrueAsync(() => Events().Contains("end"));
        Assert.Equal(("start", "end"), (Events()[0], Events()[^1]));
        var progress = Progress();
        Assert.Equal(("r", "d0", 5), (Text(progress, "route"), Text(progress, "destination"), progress.GetProperty("bytesOut").GetInt64()));
        Assert.Equal(JsonValueKind.Null, progress.GetProperty("outcome").ValueKind);
        Assert.Equal(nameof(ConnectionOutcome.Completed), Text(Lines()[^1], "outcome"));
        Assert.InRange(Lines()[^1].GetProperty("peeking").GetDouble(), 0, Lines()[^1].GetProperty("duration").GetDouble());
    }

    [Fact]
    public async Task Log_PathAndFormatEdited_AppliesAtOnce()
    {
        await using var host = await TestHost.StartAsync(Config($$"""{ "Path": "{{Log}}" }"""));
        await ConnectAsync(host);
        await Eventually.TrueAsync(() => Events().Count == 1);

        await host.EditAsync(Config($$"""{ "Path": "{{Log}}.other", "Format": "Text" }"""));
        Assert.Empty(host.Status.RestartNeeded);
        await ConnectAsync(host);

        await Eventually.TrueAsync(() =>
            File.Exists($"{Log}.other") && File.ReadAllText($"{Log}.other").Contains(" end id=", StringComparison.Ordinal)
        );
        Assert.Single(Events());
    }

    [Fact]
    public async Task Log_EditedToAMissingFolder_WritesLinesOnceItExists()
    {
        var folder = Path.Combine(_folder.FullName, "later");
        await using var host = await TestHost.StartAsync(Config($$"""{ "Path": "{{Log}}" }"""));
        await host.EditAsync(Config($$"""{ "Path": "{{folder}}/access.log" }"""));
        await ConnectAsync(host);

        Directory.CreateDirectory(folder);

        await Eventually.TrueAsync(async () =>
        {
            await ConnectAsync(host); // the first line may have come before the log was switched, which follows the edit
            return File.Exists($"{folder}/access.log") && (await File.ReadAllTextAsync($"{folder}/access.log")).EndsWith('\n');
        });
    }

    [Fact]
    public async Task Program_FileRenamedThenSighup_WritesANewFile()
    {
        var file = Path.Combine(_folder.FullName, "proxy.json");
        await File.WriteAllTextAsync(file, Config($$"""{ "Path": "{{Log}}" }"""));
        using var proxy = new ProxyProcess("", "run", "--config", file);
        var port = await proxy.PortAsync();
        await ConnectAsync(port);
        await Eventually.TrueAsync(() => Events().Count == 1);

        File.Move(Log, Log + ".1");
        await proxy.SignalAsync("HUP");

        await Eventually.TrueAsync(async () =>
        {
            await ConnectAsync(port);
            return File.Exists(Log) && Events().Count > 0;
        });
    }

    [Fact]
    public async Task Program_StandardOutputNotRead_ServesConnectionsAndStops()
    {
        var file = Path.Combine(_folder.FullName, "proxy.json");
        await File.WriteAllTextAsync(file, Config("{ }"));
        // The shell keeps the reading end of the pipe open and never reads. A pipe holds 64 KiB, about 200 lines.
        var fifo = Path.Combine(_folder.FullName, "pipe");
        using var proxy = new ProxyProcess($"mkfifo {fifo}; exec 9<>{fifo}; exec >{fifo};", "run", "--config", file);
        var port = await proxy.PortAsync();

        for (var i = 0; i < 600; i++)
        {
            await ConnectAsync(port);
        }

        await proxy.SignalAsync("TERM");
        Assert.Equal(0, await proxy.ExitAsync());
    }

    [Theory]
    [InlineData("""{ "MaxBytes": 100000 }""", "Log:Access:MaxBytes: only a file can be rotated; set Log:Access:Path too.")]
    [InlineData("""{ "Path": "x", "Files": 3 }""", "Log:Access:Files: files are rotated by size only; set Log:Access:MaxBytes too.")]
    [InlineData("""{ "Path": "x", "MaxBytes": 5 }""", "Log:Access:MaxBytes: 5 is out of range; 65536 to 2147483647 is allowed.")]
    [InlineData(
        """{ "Interval": "00:00:00.5" }""",
        "Log:Access:Interval: '00:00:00.5000000' is too short; write at least '00:00:01', or 'None'."
    )]
    public async Task Check_InvalidKeys_ErrorNamesWhatIsValid(string access, string error)
    {
        var file = Path.Combine(_folder.FullName, "proxy.json");
        await File.WriteAllTextAsync(file, Config(access));

        var (exit, output, errors) = await ProxyProcess.RunAsync("check", file);

        Assert.Equal(2, exit);
        Assert.Contains(error, output + errors, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _server.Dispose();
        _folder.Delete(recursive: true);
    }

    private string Config(string access) =>
        Json.Routes(Json.Route("r"), _server.Port).TrimEnd()[..^1] + $$""", "Log": { "Access": {{access}} } }""";

    private static async Task ConnectAsync(int port)
    {
        using var client = await TcpClientSocket.ConnectAsync(port);
        Assert.Equal("hello", await client.ReadAsync());
    }

    private static async Task ConnectAsync(TestHost host)
    {
        using var client = await TcpClientSocket.ConnectAsync(host.Address);
        Assert.Equal("hello", await client.ReadAsync());
    }

    // The first line that tells of the greeting: an earlier one may be from before it was counted. No object if there is none.
    private JsonElement Progress() =>
        Lines().FirstOrDefault(static line => Text(line, "event") == "progress" && line.GetProperty("bytesOut").GetInt64() == 5);

    private List<string> Events() => [.. Lines().Select(static line => Text(line, "event"))];

    // The last line may be incomplete.
    private List<JsonElement> Lines()
    {
        var text = File.Exists(Log) ? File.ReadAllText(Log) : "";
        return
        [
            .. text[..(text.LastIndexOf('\n') + 1)]
                .Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(static line => JsonSerializer.Deserialize<JsonElement>(line)),
        ];
    }

    private static string Text(JsonElement line, string name) => line.GetProperty(name).GetString()!;
}

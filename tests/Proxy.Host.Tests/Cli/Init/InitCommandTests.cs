using System.Net;
using System.Text;
using System.Text.Json;
using Proxy.Host.Cli.Init;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.Cli.Init;

/// <summary>What <c>proxy init</c> writes: it passes the strict check, and it runs.</summary>
public sealed class InitCommandTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("proxy-init-");
    private readonly TcpServer _server = new("", echoes: 1);

    public static TheoryData<string> Kinds() =>
        new([
            "--kind forward --to 10.0.0.1:6379",
            "--kind forward --to 10.0.0.1:6379,unix:/run/x.sock --listen 127.0.0.1:7000 --name redis",
            "--kind lock --to localhost:8100",
            "--kind lock --to localhost:8100 --max-hold none --admin none",
            "--kind lock --to localhost:8100 --max-hold 00:00:20 --listen 9001",
            "--kind http --to http://10.0.0.1:8080",
            "--kind http --to http://10.0.0.1:8080,https://example.com --listen 127.0.0.1:8081",
            "--kind channels --instance p_1 --members p_1=10.0.0.1:15000,p_2=10.0.0.2:15000 --role client --port 9200",
            "--kind channels --instance p_2 --members p_1=10.0.0.1:15000,p_2=10.0.0.2:15000 --role server --port 9200",
            "--kind channels --instance p_2 --members p_1=10.0.0.1:15000,p_2=10.0.0.2:15000 --role both --port 9200",
            .. DeviceKind.All.Select(static kind => $"--kind multiplex --device {kind.Word} --to 192.168.1.20:502"),
        ]);

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Init_Options_WritesAFileThatPassesTheStrictCheck(string options)
    {
        var file = await InitAsync(options);
        var (exit, output, _) = await ProxyProcess.RunAsync("check", "--strict", file);

        Assert.Equal((0, ""), (exit, output.Trim()));
        var text = await File.ReadAllTextAsync(file);
        Assert.StartsWith("{\n  \"$schema\": \"proxy.schema.json\",\n  // ", text, StringComparison.Ordinal);
        // Comments are allowed, and nothing else that editors mark as wrong.
        using var document = JsonDocument.Parse(text, new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip });
        Assert.Contains(
            "\"TcpRoutes\"",
            await File.ReadAllTextAsync(Path.Combine(_folder.FullName, "proxy.schema.json")),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("--kind forward")]
    [InlineData("--kind lock")]
    [InlineData("--kind multiplex --device lines")]
    public async Task Init_Tcp_RunsAndServesAClient(string options)
    {
        var file = await InitAsync($"{options} --to 127.0.0.1:{_server.Port} --listen 127.0.0.1:{Ports.Free()} --admin none");
        using var process = new ProxyProcess("", "run", "--config", file);

        using var client = await TcpClientSocket.ConnectAsync(await process.PortAsync());

        Assert.Equal("x\n", await client.AskAsync("x\n"));
    }

    [Fact]
    public async Task Init_Http_RunsAndAnswersARequest()
    {
        var (site, listen) = (Ports.Free(), Ports.Free());
        using var server = new HttpListener { Prefixes = { $"http://127.0.0.1:{site}/" } };
        server.Start();
        var asked = server.GetContextAsync();
        var file = await InitAsync($"--kind http --to http://127.0.0.1:{site} --listen 127.0.0.1:{listen} --admin none");
        using var process = new ProxyProcess("", "run", "--config", file);
        await Eventually.TrueAsync(() => process.Errors.Contains("Ready in ", StringComparison.Ordinal));

        using var http = new HttpClient();
        var answer = http.GetStringAsync(new Uri($"http://127.0.0.1:{listen}/any"));
        var context = await asked.WaitAsync(Eventually.Limit);
        await context.Response.OutputStream.WriteAsync(Encoding.ASCII.GetBytes("site"));
        context.Response.Close();

        Assert.Equal("site", await answer);
    }

    [Fact]
    public async Task Init_Channels_TwoInstancesFindEachOther()
    {
        // Both on one machine: each needs a network of its own for the addresses of members, which on machines of their own is the default.
        var (first, second, admin) = (Ports.Free(), Ports.Free(), Ports.Free());
        var members = $"p_1=127.0.0.1:{first},p_2=127.0.0.1:{second}";
        var client = await InitAsync(
            $"--kind channels --instance p_1 --members {members} --role client --port {Ports.Free()} --admin http://127.0.0.1:{admin}",
            "a.json"
        );
        var server = await InitAsync(
            $"--kind channels --instance p_2 --members {members} --role server --port {_server.Port} --admin none",
            "b.json"
        );
        await ProxyProcess.RunAsync("certificates", "p_1", "p_2", "--folder", Path.Combine(_folder.FullName, "certs"));
        using var one = new ProxyProcess($"{Start("127.41.0.0/16")}", "run", "--config", client);
        using var two = new ProxyProcess($"{Start("127.42.0.0/16")}", "run", "--config", server);

        await Eventually.TrueAsync(async () =>
            (await ProxyProcess.RunAsync("members", "--admin", $"http://127.0.0.1:{admin}")).Output.Contains(
                "p_2 ",
                StringComparison.Ordinal
            )
        );
    }

    [Theory]
    [InlineData("--kind forward", "--to is missing")]
    [InlineData("", "--kind is missing")]
    [InlineData("--kind forward --to nonsense", "--to: 'tcp://nonsense' is no TCP address")]
    [InlineData("--kind http --to http://x --device redis", "--device is not for --kind http.")]
    [InlineData("--kind multiplex --device toaster --to x:1", "'toaster' not recognized")]
    [InlineData("--kind channels --instance p_1 --members x --role both --port 1", "is not among them")]
    public async Task Init_Wrong_SaysWhatAndWritesNothing(string options, string reason)
    {
        var file = Path.Combine(_folder.FullName, "x.json");
        var (exit, _, errors) = await ProxyProcess.RunAsync(["init", "--file", file, .. Split(options)]);

        Assert.Equal(2, exit);
        Assert.Contains(reason, errors, StringComparison.Ordinal);
        Assert.False(File.Exists(file));
    }

    [Fact]
    public async Task Init_FileExists_IsReplacedOnlyByForce()
    {
        var file = Path.Combine(_folder.FullName, "x.json");
        await File.WriteAllTextAsync(file, "mine");
        string[] command = ["init", "--file", file, "--kind", "forward", "--to", "127.0.0.1:1"];

        var (refused, _, errors) = await ProxyProcess.RunAsync(command);
        Assert.Equal("mine", await File.ReadAllTextAsync(file));
        var (replaced, _, _) = await ProxyProcess.RunAsync([.. command, "--force"]);

        Assert.Equal((2, 0), (refused, replaced));
        Assert.Contains("--force", errors, StringComparison.Ordinal);
        Assert.NotEqual("mine", await File.ReadAllTextAsync(file));
    }

    [Fact]
    public async Task Init_ToOutput_PrintsTheFileOnly()
    {
        var (_, output, _) = await ProxyProcess.RunAsync("init", "--file", "-", "--kind", "forward", "--to", "127.0.0.1:1");

        using var document = JsonDocument.Parse(output, new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip });
        Assert.True(document.RootElement.TryGetProperty("ReverseProxy", out _));
    }

    public void Dispose()
    {
        _server.Dispose();
        _folder.Delete(recursive: true);
    }

    private string Start(string network) => $"cd '{_folder.FullName}'; export Channels__Loopback__Network={network};";

    private static string[] Split(string options) => options.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private async Task<string> InitAsync(string options, string name = "proxy.json")
    {
        var file = Path.Combine(_folder.FullName, name);
        var (exit, _, errors) = await ProxyProcess.RunAsync(["init", "--file", file, .. Split(options)]);
        Assert.True(exit == 0, errors);
        return file;
    }
}

using System.Net;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.Cli;

/// <summary>The commands, exit codes and signals of the program, which runs as a process.</summary>
public sealed class ProxyCommandTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();
    private readonly TcpServer _server = new("hello");

    [Fact]
    public async Task Check_SevenErrors_PrintsEachWithFileAndLine()
    {
        await File.WriteAllTextAsync(
            _file,
            """
            {
              "ReverseProxy": {
                "TcpRoutes": {
                  "a": { "Listen": "127.0.0.1:9001", "ClusterId": "rediss" },
                  "b": { "Listen": "example.com:80", "ClusterId": "redis" },
                  "c": { "Listen": "127.0.0.1:9002", "ClusterId": "redis", "IdleTimeot": "00:01:00" },
                  "d": { "Listen": "127.0.0.1:9003", "ClusterId": "redis", "IdleTimeout": "5" },
                  "e": { "Listen": "127.0.0.1:9004", "ClusterId": "redis", "Mode": "Lock", "IdleTimeout": "00:00:10" }
                },
                "Clusters": {
                  "redis": { "Tcp": { "ConnectAttempts": 1e99 }, "Destinations": { "x": { "Address": "127.0.0.1:6379" } } }
                }
              }
            }
            """
        );

        var (exit, output, _) = await ProxyProcess.RunAsync("check", _file);

        Assert.Equal(2, exit);
        var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(7, lines.Length);
        Assert.All(lines, line => Assert.Matches($"^{System.Text.RegularExpressions.Regex.Escape(_file)}:[0-9]+: ReverseProxy:", line));
    }

    [Fact]
    public async Task Check_OnlyWarnings_ExitsWithOneIfStrict()
    {
        await File.WriteAllTextAsync(_file, """{ "ReverseProxy": { "Clusters": { "unused": {} } } }""");

        Assert.Equal(0, (await ProxyProcess.RunAsync("check", _file)).ExitCode);
        var (exit, output, _) = await ProxyProcess.RunAsync("check", "--strict", _file);
        Assert.Equal(1, exit);
        Assert.Contains("warning:", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Schema_Always_PrintsTheSchema()
    {
        var (exit, output, _) = await ProxyProcess.RunAsync("schema");

        Assert.Equal(0, exit);
        Assert.Contains("\"TcpRoutes\"", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Schema_FileBesideTheProgram_IsTheSame() =>
        Assert.Equal(
            (await ProxyProcess.RunAsync("schema")).Output.TrimEnd(),
            (await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "proxy.schema.json"))).TrimEnd()
        );

    [Theory]
    [InlineData("run", "--config", "/nowhere/proxy.json")]
    [InlineData("run", "--bogus")]
    [InlineData("--contentRoot", "/nowhere")]
    [InlineData("schema", "--environment", "Staging")]
    [InlineData("bogus")]
    [InlineData("forward", "--listen", "127.0.0.1:0")]
    [InlineData("forward", "--listen", "example.com:1", "--to", "127.0.0.1:1")]
    [InlineData("check", "/nowhere/proxy.json")]
    public async Task Run_BadUsage_ExitsWithTwoAndAReason(params string[] arguments)
    {
        var (exit, output, errors) = await ProxyProcess.RunAsync(arguments);

        Assert.Equal(2, exit);
        Assert.NotEmpty((output + errors).Trim());
    }

    [Fact]
    public async Task Run_PortTaken_ExitsWithOneAndNamesTheAddress()
    {
        var (exit, _, errors) = await ProxyProcess.RunAsync("forward", "--listen", $"127.0.0.1:{_server.Port}", "--to", "127.0.0.1:1");

        Assert.Equal(1, exit);
        Assert.Contains($"127.0.0.1:{_server.Port}", errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"Kestrel\": { \"Endpoints\": { \"H\": { \"Url\": \"http://TAKEN\" } } }", "TAKEN")]
    [InlineData("\"Kestrel\": { \"Endpoints\": { \"H\": { \"Url\": \"http://192.0.2.1:8080\" } } }", "HTTP endpoint 192.0.2.1:8080: ")]
    [InlineData("\"Kestrel\": { \"Endpoints\": { \"H\": { \"Url\": \"https://127.0.0.1:0\" } } }", "HTTPS")]
    [InlineData("\"Admin\": { \"Url\": \"http://192.0.2.1:9099\", \"Token\": \"t\" }", "HTTP endpoint 192.0.2.1:9099: ")]
    [InlineData("\"Admin\": { \"Url\": \"http://TAKEN\" }", "TAKEN")]
    public async Task Run_HttpAddressCannotBeBound_ExitsWithOneAndOneLine(string section, string expected)
    {
        var taken = $"127.0.0.1:{_server.Port}";
        await File.WriteAllTextAsync(_file, $"{{ \"ReverseProxy\": {{}}, {section.Replace("TAKEN", taken, StringComparison.Ordinal)} }}");

        var (exit, _, errors) = await ProxyProcess.RunAsync("run", "--config", _file);

        Assert.Equal(1, exit);
        var line = Assert.Single(errors.Split('\n', StringSplitOptions.RemoveEmptyEntries)[1..]); // the first one tells the version
        Assert.Contains(expected.Replace("TAKEN", taken, StringComparison.Ordinal), line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/nowhere/access.log")]
    [InlineData("")]
    public async Task Run_AccessLogCannotBeOpened_ExitsWithTwoAndFileAndLine(string path)
    {
        await File.WriteAllTextAsync(_file, $"{{ \"Log\": {{ \"Access\": {{\n\"Path\": \"{path}\" }} }} }}");

        var (exit, _, errors) = await ProxyProcess.RunAsync("run", "--config", _file);

        Assert.Equal(2, exit);
        var line = Assert.Single(errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith($"{_file}:2: Log:Access:Path: the file cannot be opened: ", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Forward_Twice_OpensOnlyTheGivenAddress()
    {
        using var one = new ProxyProcess("", "forward", "--listen", "127.0.0.1:0", "--to", $"127.0.0.1:{_server.Port}");
        using var two = new ProxyProcess("", "forward", "--listen", "127.0.0.1:0", "--to", $"127.0.0.1:{_server.Port}");

        using var first = await TcpClientSocket.ConnectAsync(await one.PortAsync());
        using var second = await TcpClientSocket.ConnectAsync(await two.PortAsync());

        Assert.Equal("hello", await first.ReadAsync());
        Assert.Equal("hello", await second.ReadAsync());
        Assert.False(one.HasExited || two.HasExited);
    }

    [Fact]
    public async Task Lock_OptionsOfTcplock_ServesOneClientAfterTheOtherAndRunsHooks()
    {
        var events = Path.GetTempFileName();
        var port = Ports.Free();
        using var process = new ProxyProcess(
            "",
            "lock",
            "-l",
            $"{port}",
            "--localHost",
            "127.0.0.1",
            "-h",
            "localhost",
            "-p",
            $"{_server.Port}",
            "-t",
            "1500",
            "--on-activate",
            $"echo $PROXY_EVENT $PROXY_ACTIVATION >> '{events}'",
            "--on-timeout",
            $"echo $PROXY_EVENT >> '{events}'"
        );
        await process.PortAsync();
        using var first = await TcpClientSocket.ConnectAsync(port);
        Assert.Equal("hello", await first.ReadAsync());

        using var second = await TcpClientSocket.ConnectAsync(port);
        Assert.Equal("hello", await second.ReadAsync()); // after --timeout has ended the first connection

        var lines = await File.ReadAllLinesAsync(events);
        Assert.Equal(["activate 1", "timeout", "activate 2"], lines[..3]); // the second connection has a --timeout too
        File.Delete(events);
    }

    [Theory]
    [InlineData("--idle", false)]
    [InlineData("--half-close", true)]
    public async Task Lock_HolderStays_LosesItsPlaceByTheOption(string option, bool ends)
    {
        var port = Ports.Free();
        using var mute = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        mute.Start();
        var service = ((IPEndPoint)mute.LocalEndpoint).Port;
        using var process = new ProxyProcess(
            "",
            "lock",
            "-l",
            $"{port}",
            "--localHost",
            "127.0.0.1",
            "-p",
            $"{service}",
            "-h",
            "127.0.0.1",
            option,
            "300"
        );
        await process.PortAsync();
        using var first = await TcpClientSocket.ConnectAsync(port);
        if (ends)
        {
            first.End();
        }

        using var firstServed = await mute.AcceptSocketAsync().WaitAsync(Eventually.Limit);
        using var second = await TcpClientSocket.ConnectAsync(port);
        using var secondServed = await mute.AcceptSocketAsync().WaitAsync(Eventually.Limit);

        Assert.Null(await first.ReadAsync());
    }

    [Fact]
    public async Task Lock_LocalHostIsIPv6_Listens()
    {
        if (!System.Net.Sockets.Socket.OSSupportsIPv6)
        {
            return;
        }

        var port = Ports.Free();
        using var process = new ProxyProcess("", "lock", "-l", $"{port}", "--localHost", "::1", "-p", $"{_server.Port}");

        Assert.Equal(port, await process.PortAsync("[::1]"));
    }

    [Theory]
    [InlineData("lock", "-p", "1")]
    [InlineData("lock", "-l", "1", "-p", "2", "-n", "0")]
    [InlineData("lock", "-l", "x", "-p", "2")]
    public async Task Lock_BadOptions_ExitsWithTwoAndAReason(params string[] arguments)
    {
        var (exit, _, errors) = await ProxyProcess.RunAsync(arguments);

        Assert.Equal(2, exit);
        Assert.NotEmpty(errors);
    }

    [Fact]
    public async Task Forward_SigtermWithOpenConnection_DrainsAndExitsWithZero()
    {
        using var process = new ProxyProcess("", "forward", "--listen", "127.0.0.1:0", "--to", $"127.0.0.1:{_server.Port}");
        var port = await process.PortAsync();
        using var client = await TcpClientSocket.ConnectAsync(port);
        Assert.Equal("hello", await client.ReadAsync());

        await process.SignalAsync("TERM");
        await Eventually.TrueAsync(async () => !await Programs.AcceptsAsync(port));
        Assert.Equal("x", await client.AskAsync("x"));
        Assert.False(process.HasExited);
        client.End();

        Assert.Equal("", await client.ReadAsync());
        Assert.Equal(0, await process.ExitAsync());
        Assert.Contains("\"outcome\":\"Completed\"", process.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_SecondSigterm_ExitsAtOnce()
    {
        using var process = new ProxyProcess("", "forward", "--listen", "127.0.0.1:0", "--to", $"127.0.0.1:{_server.Port}");
        var port = await process.PortAsync();
        using var client = await TcpClientSocket.ConnectAsync(port);
        Assert.Equal("hello", await client.ReadAsync());

        await process.SignalAsync("TERM");
        await Eventually.TrueAsync(async () => !await Programs.AcceptsAsync(port));
        await process.SignalAsync("TERM");

        await process.ExitAsync();
        Assert.NotEqual("x", await client.ReadAsync());
    }

    [Fact]
    public async Task Run_EnvironmentVariables_OverrideTheFileAndForeignOnesAreIgnored()
    {
        await File.WriteAllTextAsync(_file, Json.Routes(Json.Route("r"), 1));
        using var process = new ProxyProcess(
            $"export DEMO=1 LOG=debug ReverseProxy__TcpRoutes__r__Listen=127.0.0.2:0 ReverseProxy__Clusters__c__Destinations__d0__Address=tcp://127.0.0.1:{_server.Port};",
            "--config",
            _file
        );

        var port = await process.PortAsync("127.0.0.2");
        using var client = await TcpClientSocket.ConnectAsync(new IPEndPoint(IPAddress.Parse("127.0.0.2"), port));

        Assert.Equal("hello", await client.ReadAsync());
    }

    [Fact]
    public async Task Run_Sighup_ReloadsTheFile()
    {
        await File.WriteAllTextAsync(_file, Json.Routes($"{Json.Route("r", address: "127.0.0.2")}, {Json.Route("s")}", _server.Port));
        using var process = new ProxyProcess("", "run", "--config", _file);
        var port = await process.PortAsync();
        using var client = await TcpClientSocket.ConnectAsync(port);

        await File.WriteAllTextAsync(_file, Json.Routes(Json.Route("r", address: "127.0.0.2"), _server.Port));
        await process.SignalAsync("HUP");

        await Eventually.TrueAsync(async () => !await Programs.AcceptsAsync(port));
        Assert.False(process.HasExited);
    }

    // The path leads to a file whose name is gone, as that of a bind mount does when the file is replaced at the host.
    [Fact]
    public async Task Run_FileHasLostItsName_IsTold()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        await File.WriteAllTextAsync(_file, Json.Routes(Json.Route("r"), _server.Port));
        using var held = File.OpenHandle(_file);
        using var process = new ProxyProcess("", "run", "--config", $"/proc/{Environment.ProcessId}/fd/{held.DangerousGetHandle()}");
        await process.PortAsync();
        Assert.DoesNotContain("was replaced", process.Errors, StringComparison.Ordinal);

        File.Delete(_file);

        await Eventually.TrueAsync(() => process.Errors.Contains("was replaced at the host", StringComparison.Ordinal));
        Assert.False(process.HasExited);
    }

    [Fact]
    public async Task Accept_OutOfDescriptors_PausesAndResumes()
    {
        using var process = new ProxyProcess("ulimit -n 400;", "forward", "--listen", "127.0.0.1:0", "--to", $"127.0.0.1:{_server.Port}");
        var port = await process.PortAsync();
        using var early = await TcpClientSocket.ConnectAsync(port);
        Assert.Equal("hello", await early.ReadAsync());
        var clients = new List<TcpClientSocket>();
        // With two descriptors each they need all. Those that are not accepted wait in the queue of the kernel, which more would fill.
        for (var i = 0; i < 200; i++)
        {
            clients.Add(await TcpClientSocket.ConnectAsync(port));
        }

        await Eventually.TrueAsync(() => process.Errors.Contains("accepting failed and pauses", StringComparison.Ordinal));
        Assert.Equal("x", await early.AskAsync("x"));
        clients.ForEach(static client => client.Dispose());

        await Eventually.TrueAsync(async () =>
        {
            using var late = await TcpClientSocket.ConnectAsync(port);
            return await late.ReadAsync() == "hello";
        });
        Assert.Equal("y", await early.AskAsync("y"));
    }

    public void Dispose()
    {
        _server.Dispose();
        File.Delete(_file);
    }
}

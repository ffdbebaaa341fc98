using System.Globalization;
using System.Text.Json;
using Proxy.Hooks;

namespace Proxy.Core.Tests.Hooks;

public sealed class ExecStepTests : IDisposable
{
    private readonly TestHooks _hooks = new();

    // For tests that look at what a program has written: by the real clock, a reader that is late by half a second loses it.
    private readonly TestHooks _patient = new(new ManualTime());
    private readonly string _directory = Directory.CreateTempSubdirectory("proxy-hooks-").FullName;

    [Fact]
    public async Task Run_ExitCodeZero_Succeeds() => Assert.Equal(HookResult.Success, await _hooks.ShellAsync("exit 0"));

    [Fact]
    public async Task Run_ExitCode_FailsWithItAndTheLastLineOfStandardError()
    {
        var result = await _patient.ShellAsync("echo out; echo first >&2; printf 'no such device\\n\\n' >&2; exit 3");

        Assert.Equal(HookOutcome.Failed, result.Outcome);
        Assert.Equal(0, result.Step);
        Assert.Equal("step 1 (Exec sh) ended with exit code 3: no such device", result.Reason);
    }

    [Fact]
    public async Task Run_KilledBySignal_FailsWithItsNumber() =>
        Assert.Contains("exit code 137", (await _hooks.ShellAsync("kill -9 $$")).Reason, StringComparison.Ordinal);

    [Theory]
    [InlineData("proxy-no-such-program", "No such file")]
    [InlineData("/etc/passwd", "Permission denied")]
    [InlineData("/", "Permission denied")]
    public async Task Run_NoProgram_SaysSo(string program, string reason)
    {
        var result = await _hooks.RunAsync(new() { Exec = [program] });

        Assert.Equal(HookOutcome.Failed, result.Outcome);
        Assert.Contains($"({"Exec " + program}) cannot be started: {reason}", result.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_Arguments_ArriveAsTheyAre()
    {
        await _patient.RunAsync(new() { Exec = ["printf", "<%s>\n", "a b", "$HOME", "*", "", "ü"] });

        Assert.Equal(["<a b>", "<$HOME>", "<*>", "<>", "<ü>"], Output().Select(static line => line.Split("stdout: ")[1]));
    }

    [Fact]
    public async Task Run_SecretInTheOutput_IsMasked()
    {
        _patient.Secrets.Use(["token-of-admin"]);

        var result = await _patient.ShellAsync(
            "echo it is token-of-admin; printf '%0995dtoken-of-admin' 0; echo no token-of-admin >&2; exit 1"
        );

        Assert.Equal("step 1 (Exec sh) ended with exit code 1: no ***", result.Reason);
        Assert.Contains(Output(), static line => line.EndsWith("stdout: it is ***", StringComparison.Ordinal));
        Assert.Contains(Output(), static line => line.EndsWith("0***… (9 more)", StringComparison.Ordinal));
        Assert.DoesNotContain(Output(), static line => line.Contains("token", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Admin__Token", false)]
    [InlineData("REVERSEPROXY__Clusters__c__Metadata__Key", false)]
    [InlineData("Kestrel:Certificates:Default:Password", false)]
    [InlineData("ShutdownDelay", false)]
    [InlineData("OTEL_EXPORTER_OTLP_HEADERS", false)]
    [InlineData("OTEL_SERVICE_NAME", false)]
    [InlineData("HOTEL_KEY", true)]
    [InlineData("ADMIN", true)]
    [InlineData("AdminOfOthers__Token", true)]
    public async Task Run_VariableThatConfiguresTheProxy_IsLeftOut(string variable, bool expected)
    {
        Environment.SetEnvironmentVariable(variable, "00:00:01");
        try
        {
            await _patient.RunAsync(new() { Exec = ["env"] });
        }
        finally
        {
            Environment.SetEnvironmentVariable(variable, null);
        }

        Assert.Equal(expected, Output().Any(line => line.EndsWith($"stdout: {variable}=00:00:01", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Run_Environment_HasTheEventAndOurs()
    {
        await _patient.ShellAsync(
            "echo $PROXY_EVENT $PROXY_ROUTE $PROXY_DESTINATION $PROXY_ADDRESS $PROXY_CLIENT $PROXY_ACTIVATION $PROXY_AFTER_TIMEOUT [$PROXY_FENCING_TOKEN]; echo $PATH"
        );

        Assert.Equal(
            ["activate office a tcp://localhost:8100 10.1.2.3:4567 7 0 []", Environment.GetEnvironmentVariable("PATH")],
            Output().Select(static line => line.Split("stdout: ")[1])
        );
    }

    [Fact]
    public async Task Run_StandardInput_IsTheEventAsJsonAndItsEnd()
    {
        var file = Path.Combine(_directory, "input");

        await _hooks.ShellAsync($"cat > {file}");

        using var json = JsonDocument.Parse(await File.ReadAllTextAsync(file));
        Assert.Equal("office", json.RootElement.GetProperty("route").GetString());
        Assert.Equal("tcp://localhost:8100", json.RootElement.GetProperty("address").GetString());
        Assert.Equal(7, json.RootElement.GetProperty("activation").GetInt64());
        Assert.Equal(8, json.RootElement.EnumerateObject().Count());
    }

    [Fact]
    public async Task Run_StandardInputClosedOrNeverRead_Succeeds()
    {
        // More than a pipe holds.
        var hookEvent = TestHooks.Event with
        {
            Destination = null,
            Client = null,
            Route = new string('r', 100_000),
        };

        Assert.True((await _hooks.RunAsync(TestHooks.Shell("exec 0<&-; exit 0"), hookEvent)).Succeeded);
        Assert.True((await _hooks.RunAsync(TestHooks.Shell("sleep 0.1"), hookEvent)).Succeeded);
    }

    [Fact]
    public async Task Run_SignalsAndDescriptors_AreNotInherited()
    {
        using var ours = Loopback.Listen();

        await _patient.ShellAsync("grep -E 'Sig(Blk|Ign)' /proc/self/status; ls /proc/$$/fd; true");

        var lines = Output().Select(static line => line.Split("stdout: ")[1].Replace("\t", "", StringComparison.Ordinal)).ToList();
        Assert.Equal("SigBlk:0000000000000000", lines[0]);
        Assert.Equal(0UL, ulong.Parse(lines[1].Split(':')[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture) & 0x7fffffff);
        // What this process was given itself, it passes on.
        Assert.Subset(Processes.Children.Inheritable().Union(["0", "1", "2"]).ToHashSet(), lines.Skip(2).ToHashSet());
    }

    [Fact]
    public async Task Run_Output_IsLoggedEscapedAndBounded()
    {
        await _patient.ShellAsync("printf 'a\\033[2Jb\\r\\n'; printf '%05000d\\n' 1; seq 1 500; printf end");

        var lines = Output();
        Assert.EndsWith("stdout: a\\u001b[2Jb", lines[0], StringComparison.Ordinal);
        Assert.EndsWith("0… (4000 more)", lines[1], StringComparison.Ordinal);
        Assert.Equal(200, lines.Count);
        Assert.Contains("Warning: Route office: Exec sh wrote 303 more lines than are logged; they were dropped.", _patient.Logs.All);
    }

    [Fact]
    public async Task Run_ServiceLeftRunningWithOurPipes_EndsAndTheServiceSurvivesItsOutput()
    {
        var (id, output) = (Path.Combine(_directory, "id"), Path.Combine(_directory, "output"));

        // It writes when the step is over: without a reader that would kill it.
        var result = await _hooks.ShellAsync(
            $"(while [ ! -e {output}.go ]; do sleep 0.05; done; seq 1 100000; echo $? > {output}; exec sleep 60) & echo $! > {id}"
        );

        Assert.True(result.Succeeded);
        var service = int.Parse(await File.ReadAllTextAsync(id), CultureInfo.InvariantCulture);
        Assert.True(Processes.Children.IsAlive(service));
        await File.WriteAllTextAsync($"{output}.go", "");
        await Eventually.TrueAsync(() => File.Exists(output) && File.ReadAllText(output) == "0\n");
        Assert.True(Processes.Children.IsAlive(service));
        Processes.Children.Kill(service);
    }

    [Theory]
    [InlineData("sleep 100", 1)]
    [InlineData("trap '' TERM INT HUP; echo $$ >> $IDS; sleep 100; sleep 100", 2)]
    [InlineData("sleep 100 & echo $! >> $IDS; sleep 100 | sleep 100 & echo $! >> $IDS; wait", 3)]
    [InlineData("(sleep 100 & echo $! >> $IDS) & sleep 100", 2)] // lost its parent
    [InlineData(
        "setsid sh -c 'trap \"\" TERM; (echo self >/dev/null; sleep 100 & echo $! >> $IDS; exec sleep 100) & sleep 100' & sleep 100",
        2
    )] // and its session
    [InlineData("env -i setsid sleep 100 & echo $! >> $IDS; sleep 100", 2)] // and its environment
    public async Task Run_Cancelled_KillsAllItStarted(string script, int ids)
    {
        var file = Path.Combine(_directory, "ids");
        using var cancel = new CancellationTokenSource();

        var run = _hooks.ShellAsync($"IDS={file}; export IDS; echo $$ >> $IDS; {script}", null, cancel.Token);
        await Eventually.TrueAsync(() => File.Exists(file) && File.ReadAllText(file).Count(static octet => octet == '\n') == ids);
        await cancel.CancelAsync();

        Assert.Equal(HookOutcome.Cancelled, (await run).Outcome);
        var started = (await File.ReadAllLinesAsync(file)).Select(static line => int.Parse(line, CultureInfo.InvariantCulture));
        Assert.All(started, static id => Assert.False(Processes.Children.IsAlive(id), $"{id} is alive."));
        Assert.Empty(Processes.Children.WithVariable($"IDS={file}"));
    }

    [Fact]
    public async Task Run_Timeout_KillsAndSaysSo()
    {
        var result = await _hooks.RunAsync(new() { Exec = ["sleep", "100"], Timeout = TimeSpan.FromMilliseconds(100) });

        Assert.Equal(new HookResult(HookOutcome.TimedOut, 0, "step 1 (Exec sleep) did not end within 00:00:00.1000000"), result);
    }

    [Fact]
    public async Task Run_CancelledBefore_StartsNothing()
    {
        var file = Path.Combine(_directory, "file");

        var result = await _hooks.ShellAsync($"touch {file}", null, new CancellationToken(canceled: true));

        Assert.Equal(HookOutcome.Cancelled, result.Outcome);
        Assert.False(File.Exists(file));
    }

    public void Dispose()
    {
        _hooks.Dispose();
        _patient.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private List<string> Output() => [.. _patient.Logs.All.Where(static line => line.Contains(" stdout: ", StringComparison.Ordinal))];
}

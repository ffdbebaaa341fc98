using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Proxy.Host.Tests.Support;

/// <summary>The program as a process.</summary>
internal sealed class ProxyProcess : IDisposable
{
    // If the tests were started by nohup, children inherit that SIGHUP is ignored, and a shell cannot reset it to the default.
    private static readonly string[] _start = OperatingSystem.IsLinux() ? ["env", "--default-signal=HUP"] : [];

    private readonly Process _process = new();
    private readonly ConcurrentQueue<string> _output = new();
    private readonly ConcurrentQueue<string> _errors = new();

    /// <param name="shell">Shell commands to run before the program, such as "ulimit -n 60;".</param>
    /// <param name="arguments">The program's arguments.</param>
    public ProxyProcess(string shell, params string[] arguments)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "proxy.dll");
        string[] command = [.. _start, "/bin/sh", "-c", $"{shell} exec dotnet \"$0\" \"$@\"", program, .. arguments];
        _process.StartInfo = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        _process.OutputDataReceived += (_, line) => _output.Enqueue(line.Data ?? "");
        _process.ErrorDataReceived += (_, line) => _errors.Enqueue(line.Data ?? "");
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public string Output => string.Join('\n', _output);

    public string Errors => string.Join('\n', _errors);

    public bool HasExited => _process.HasExited;

    /// <summary>The port of the first endpoint whose name begins with a text. Waits until the program logs that it listens.</summary>
    public async Task<int> PortAsync(string endpoint = "127.0.0.1")
    {
        var line = new Regex($@"Endpoint {Regex.Escape(endpoint)}\S* listens on \S+:([0-9]+) for ");
        await Eventually.TrueAsync(() => line.IsMatch(Errors) || _process.HasExited);
        return int.Parse(line.Match(Errors).Groups[1].Value, CultureInfo.InvariantCulture);
    }

    /// <summary>Runs the program until it ends.</summary>
    public static async Task<(int ExitCode, string Output, string Errors)> RunAsync(params string[] arguments)
    {
        using var process = new ProxyProcess("", arguments);
        return (await process.ExitAsync(), process.Output, process.Errors);
    }

    public async Task<int> ExitAsync()
    {
        using var limit = new CancellationTokenSource(Eventually.Limit);
        await _process.WaitForExitAsync(limit.Token);
        return _process.ExitCode;
    }

    public async Task SignalAsync(string name)
    {
        using var kill = Process.Start("/bin/sh", ["-c", $"kill -{name} {_process.Id}"]);
        await kill.WaitForExitAsync();
    }

    /// <summary>Ends it without a signal that it could handle.</summary>
    public void Kill() => _process.Kill();

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }
}

using System.Collections.Concurrent;
using System.Diagnostics;

namespace Proxy.Host.Tests.EndToEnd.Samples;

/// <summary>A program of docs/samples as a process. It is started in its folder, where it finds its configuration.</summary>
internal sealed class SampleProcess : IDisposable
{
    private readonly Process _process = new();
    private readonly ConcurrentQueue<string> _output = new();

    private SampleProcess(string name, IReadOnlyDictionary<string, string> variables, string[] arguments)
    {
        var build = new DirectoryInfo(AppContext.BaseDirectory);
        var program = Path.Combine(build.Parent!.Parent!.FullName, name, build.Name, $"{name}.dll");

        // Linux allows a user 128 inotify instances, and other programs may use them all. No test edits appsettings.json, so it is not watched.
        string[] command = [program, "--hostBuilder:reloadConfigOnChange=false", .. arguments];
        _process.StartInfo = new ProcessStartInfo("dotnet", command)
        {
            WorkingDirectory = Repository.Path("docs", "samples", name),
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (variable, value) in variables)
        {
            _process.StartInfo.Environment[variable] = value;
        }

        _process.OutputDataReceived += (_, line) => _output.Enqueue(line.Data ?? "");
        _process.ErrorDataReceived += (_, line) => _output.Enqueue(line.Data ?? "");
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public string Output => string.Join('\n', _output);

    /// <summary>Starts a program and waits until it has started.</summary>
    public static async Task<SampleProcess> StartAsync(
        string name,
        IReadOnlyDictionary<string, string> variables,
        params string[] arguments
    )
    {
        var sample = new SampleProcess(name, variables, arguments);
        await sample.SaysAsync("Application started.");
        return sample;
    }

    /// <summary>Waits until its output has a text.</summary>
    public async Task SaysAsync(string text)
    {
        await Eventually.TrueAsync(() => Has(text) || _process.HasExited);
        Assert.True(Has(text), Output);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }

    private bool Has(string text) => Output.Contains(text, StringComparison.Ordinal);
}

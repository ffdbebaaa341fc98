using System.Diagnostics;
using Proxy.Host.Tests.EndToEnd.Servers;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.Cli;

/// <summary>The scripts of completion, in the shells that are installed.</summary>
public sealed class CompletionCommandTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("proxy-completion-");

    public CompletionCommandTests()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        // The scripts call the program by its name.
        var program = Path.Combine(_folder.FullName, "proxy");
        File.WriteAllText(program, $"#!/bin/sh\nexec dotnet '{Path.Combine(AppContext.BaseDirectory, "proxy.dll")}' \"$@\"\n");
        File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    [RealServerFact("bash")]
    public async Task Bash_LineBegun_IsCompleted()
    {
        const string Ask = """
            source <(proxy completion bash)
            for line; do
                COMP_LINE="$line" COMP_POINT=${#line}
                read -ra COMP_WORDS <<< "$line"
                [[ "$line" == *' ' ]] && COMP_WORDS+=('')
                COMP_CWORD=$(( ${#COMP_WORDS[@]} - 1 ))
                _proxy
                echo "$line: ${COMPREPLY[*]}"
            done
            """;

        var answers = await RunAsync(
            "bash",
            "--norc",
            "-c",
            Ask,
            "bash",
            "proxy undr",
            "proxy lock pa",
            "proxy protocols -o ",
            "proxy completion ",
            "proxy routes --out",
            "proxy check con" // nothing, so bash completes names of files
        );

        Assert.Equal(
            [
                "proxy undr: undrain",
                "proxy lock pa: pause",
                "proxy protocols -o : json table wide",
                "proxy completion : bash fish powershell zsh",
                "proxy routes --out: --output",
                "proxy check con: ",
            ],
            answers.Split('\n')
        );
    }

    [RealServerFact("fish")]
    public async Task Fish_LineBegun_IsCompleted()
    {
        const string Ask = "proxy completion fish | source; for line in $argv; complete --do-complete $line; end";

        var answers = await RunAsync("fish", "--no-config", "-c", Ask, "proxy undr", "proxy lock pa");

        Assert.Equal(["undrain", "pause"], answers.Trim().Split('\n'));
    }

    [RealServerFact("zsh")]
    public async Task Zsh_Script_IsValid()
    {
        var script = Path.Combine(_folder.FullName, "_proxy");
        await File.WriteAllTextAsync(script, (await ProxyProcess.RunAsync("completion", "zsh")).Output);

        Assert.Equal(
            "",
            await RunAsync("zsh", "-f", "-c", $"autoload -U compinit; compinit -D; source {script}; whence _proxy > /dev/null")
        );
    }

    [Fact]
    public async Task Completion_PowerShell_RegistersTheProgram() =>
        Assert.Contains(
            "Register-ArgumentCompleter -Native -CommandName proxy",
            (await ProxyProcess.RunAsync("completion", "powershell")).Output,
            StringComparison.Ordinal
        );

    public void Dispose() => _folder.Delete(recursive: true);

    private async Task<string> RunAsync(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["PATH"] = $"{_folder.FullName}:{start.Environment["PATH"]}";
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync().WaitAsync(Eventually.Limit);
        Assert.Equal("", await errors);
        return output.TrimEnd('\n');
    }
}

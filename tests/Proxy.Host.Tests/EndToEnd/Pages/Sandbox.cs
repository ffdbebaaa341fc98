using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Proxy.Host.Tests.EndToEnd.Pages;

/// <summary>
/// A machine for the commands of a page: a shell in a folder of its own, with a network of its own, so that the ports and addresses of the page are free,
/// and <c>proxy</c> in its path. Disposing ends all that the commands have started. It needs root.
/// </summary>
internal sealed class Sandbox : IAsyncDisposable
{
    private readonly Process _shell = new();
    private readonly string _marker = $"-- end of command {Guid.NewGuid():N} ";

    private Sandbox(string folder) => Folder = folder;

    /// <summary>The current folder of the commands. The programs in its folder <c>bin</c> come first in the path.</summary>
    public string Folder { get; }

    /// <param name="addresses">Addresses of other machines, which this one has too: what listens there is started by a command.</param>
    public static async Task<Sandbox> StartAsync(params string[] addresses)
    {
        var sandbox = new Sandbox(Directory.CreateTempSubdirectory("page-").FullName);
        sandbox.AddProgram("proxy", $"exec dotnet '{Path.Combine(AppContext.BaseDirectory, "proxy.dll")}' \"$@\"");
        sandbox.Start();
        await sandbox.RequireAsync("exec 2>&1; ip link set lo up");
        foreach (var address in addresses)
        {
            await sandbox.RequireAsync($"ip addr add {address}/32 dev lo");
        }

        return sandbox;
    }

    /// <summary>Adds a program to the path.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="script">What it does, for a shell.</param>
    public void AddProgram(string name, string script)
    {
        var path = Path.Combine(Directory.CreateDirectory(Path.Combine(Folder, "bin")).FullName, name);
        File.WriteAllText(path, $"#!/bin/sh\n{script}\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, (UnixFileMode)0x1ED); // rwxr-xr-x
        }
    }

    /// <summary>Runs a command of the shell, which keeps variables and the current folder for the next one.</summary>
    /// <returns>Its exit code and what it has written.</returns>
    public async Task<(int ExitCode, string Output)> RunAsync(string command)
    {
        using var limit = new CancellationTokenSource(Eventually.Limit);
        await _shell.StandardInput.WriteAsync(
            $"{{ {command}\n}} < /dev/null\nprintf '\\n%s%d\\n' '{_marker}' $?\n".AsMemory(),
            limit.Token
        );
        await _shell.StandardInput.FlushAsync(limit.Token);
        var output = new StringBuilder();
        while (await _shell.StandardOutput.ReadLineAsync(limit.Token) is { } line)
        {
            if (line.StartsWith(_marker, StringComparison.Ordinal))
            {
                return (int.Parse(line[_marker.Length..], CultureInfo.InvariantCulture), output.ToString().Trim());
            }

            output.AppendLine(line);
        }

        throw new InvalidOperationException($"The shell has ended: {output}");
    }

    /// <summary>Runs a command that has to succeed.</summary>
    public async Task<string> RequireAsync(string command)
    {
        var (exit, output) = await RunAsync(command);
        return exit == 0 ? output : throw new InvalidOperationException($"{command} ended with {exit}: {output}");
    }

    public async ValueTask DisposeAsync()
    {
        if (!_shell.HasExited)
        {
            _shell.Kill();
            await _shell.WaitForExitAsync();
        }

        _shell.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    private void Start()
    {
        // The death of unshare is that of its child, the first process of the namespace, and with it of all others in there.
        string[] arguments = ["--net", "--pid", "--fork", "--kill-child", "--mount-proc", "bash"];
        _shell.StartInfo = new ProcessStartInfo("unshare", arguments)
        {
            WorkingDirectory = Folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        var variables = _shell.StartInfo.Environment;
        variables["PATH"] = $"{Folder}/bin:{variables["PATH"]}";
        variables["DOTNET_CLI_TELEMETRY_OPTOUT"] = variables["DOTNET_NOLOGO"] = "1";
        foreach (var name in variables.Keys.Where(static name => name.StartsWith("PROXY_", StringComparison.Ordinal)).ToList())
        {
            variables.Remove(name);
        }

        _shell.Start();
    }
}

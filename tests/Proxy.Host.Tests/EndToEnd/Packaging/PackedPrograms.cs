using System.Diagnostics;

namespace Proxy.Host.Tests.EndToEnd.Packaging;

/// <summary>The packages of the library and of the tool in a folder, packed from what the tests were built with.</summary>
public sealed class PackedPrograms : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("packages-").FullName;

    internal string Source => Path.Combine(_folder, "source");

    /// <summary>The version of both packages.</summary>
    internal string Version { get; private set; } = "";

    public async Task InitializeAsync()
    {
        var configuration = new DirectoryInfo(AppContext.BaseDirectory).Name; // artifacts/bin/Proxy.Host.Tests/debug
        foreach (var project in new[] { "Proxy.Core", "Proxy.Host" })
        {
            var path = Repository.Path("src", project);
            await RunAsync(path, "pack", "--no-build", "-c", configuration, "-o", Source, "-p:NuGetAudit=false");
        }

        Version = Path.GetFileNameWithoutExtension(Find("proxy.*.nupkg"))["proxy.".Length..];
    }

    public Task DisposeAsync()
    {
        Directory.Delete(_folder, recursive: true);
        return Task.CompletedTask;
    }

    /// <summary>The only package whose file name matches.</summary>
    internal string Find(string pattern) => Assert.Single(Directory.GetFiles(Source, pattern));

    internal string NewFolder(string name) => Directory.CreateDirectory(Path.Combine(_folder, name)).FullName;

    /// <summary>Runs dotnet in a folder until it ends.</summary>
    /// <exception cref="InvalidOperationException">It failed; the message is its output.</exception>
    internal static async Task<string> RunAsync(string folder, params string[] arguments)
    {
        using var limit = new CancellationTokenSource(Eventually.Limit);
        using var process = new Process
        {
            StartInfo = new ProcessStartInfo(Programs.Dotnet, arguments)
            {
                WorkingDirectory = folder,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            },
        };
        // Nodes of MSBuild that stay would keep the output open.
        process.StartInfo.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        process.StartInfo.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = process.StartInfo.Environment["DOTNET_NOLOGO"] = "1";
        process.Start();
        var errors = process.StandardError.ReadToEndAsync(limit.Token);
        var output = await process.StandardOutput.ReadToEndAsync(limit.Token);
        await process.WaitForExitAsync(limit.Token);
        return process.ExitCode == 0
            ? output.Trim()
            : throw new InvalidOperationException(
                $"dotnet {string.Join(' ', arguments)} ended with {process.ExitCode}: {output}{await errors}"
            );
    }
}

using System.Diagnostics;

namespace Proxy.Host.Tests.EndToEnd.Servers;

/// <summary>A real sshd, and the client that it lets in.</summary>
internal sealed class SshServer : IAsyncDisposable
{
    private readonly string _folder;
    private readonly Process _server;

    private SshServer(string folder, int port, Process server) => (_folder, Port, _server) = (folder, port, server);

    public int Port { get; }

    public static async Task<SshServer> StartAsync()
    {
        var folder = Directory.CreateTempSubdirectory("proxy-ssh").FullName;
        foreach (var name in (string[])["host", "client"])
        {
            await Programs.RunAsync("ssh-keygen", "", "-q", "-t", "ed25519", "-N", "", "-f", Path.Combine(folder, name));
        }

        if (Environment.IsPrivilegedProcess)
        {
            Directory.CreateDirectory("/run/sshd"); // where it separates privileges; a service makes it at its start
        }

        var port = Ports.Free();
        var server = Programs.Start(
            "sshd",
            [
                .. (string[])["-D", "-e", "-f", "/dev/null", "-h", Path.Combine(folder, "host"), "-p", $"{port}"],
                .. Options(
                    "ListenAddress=127.0.0.1",
                    $"AuthorizedKeysFile={Path.Combine(folder, "client.pub")}",
                    "StrictModes=no",
                    "UsePAM=no",
                    "PidFile=none",
                    "PermitRootLogin=yes"
                ),
            ]
        );
        _ = server.StandardOutput.ReadToEndAsync(); // else it would block once the pipe is full
        await Programs.ListensAsync(port);
        return new(folder, port, server);
    }

    /// <summary>Runs a command by ssh.</summary>
    /// <param name="port">The port to connect to.</param>
    /// <param name="command">The command.</param>
    /// <returns>What it has written.</returns>
    public Task<string> RunAsync(string port, string command) =>
        Programs.RunAsync(
            "ssh",
            "",
            [
                .. (string[])["-F", "/dev/null", "-i", Path.Combine(_folder, "client"), "-p", port],
                .. Options("IdentitiesOnly=yes", "BatchMode=yes", "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null"),
                $"{Environment.UserName}@127.0.0.1",
                command,
            ]
        );

    public async ValueTask DisposeAsync()
    {
        _server.Kill();
        await _server.WaitForExitAsync();
        _server.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static IEnumerable<string> Options(params string[] options) => options.SelectMany(static one => (string[])["-o", one]);
}

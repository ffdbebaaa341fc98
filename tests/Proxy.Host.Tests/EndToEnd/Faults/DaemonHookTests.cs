using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.EndToEnd.Faults;

/// <summary>
/// Hooks of a lock whose programs become daemons: they fork twice, in a session of their own, and keep our pipes. Runs alone, because one has a second to do that.
/// </summary>
[Collection(Alone.Name)]
public sealed class DaemonHookTests : IDisposable
{
    private const int Clients = 20;

    // The first child ends at once, so that the grandchild belongs to nobody; its standard output and error are those of the hook.
    private const string Daemon = "setsid sh -c '(exec sleep 1000) & echo $! >> \"$0\"' \"$1\" & wait";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("proxy-daemon-");
    private readonly TcpServer _server = new("hello");

    [Fact]
    public async Task OnActivate_ProgramLeavesADaemonWithOurPipes_LockGoesOn()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        await using var host = await StartAsync(Daemon);
        for (var i = 0; i < Clients; i++)
        {
            Assert.Equal("hello", await AskAsync(host));
        }

        Assert.Equal(Clients, Daemons().Count(IsAlive)); // a service that a hook starts is meant to stay
    }

    [Fact]
    public async Task OnActivate_ProgramHangsBesideItsDaemon_BothEndWithinItsTimeoutAndTheLockGoesOn()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        await using var host = await StartAsync($"[ -e \"$1.off\" ] && exit 0; {Daemon}; exec sleep 1000", "\"Timeout\": \"00:00:01\",");

        Assert.NotEqual("hello", await AskAsync(host));
        Assert.False(Assert.Single(Daemons(), static _ => true) is var daemon && IsAlive(daemon), $"{daemon} is alive.");

        await File.WriteAllTextAsync(Path.Combine(_folder.FullName, "ids.off"), "");
        await Eventually.TrueAsync(async () => await AskAsync(host) == "hello");
    }

    public void Dispose()
    {
        foreach (var daemon in Daemons().Where(IsAlive))
        {
            using var process = System.Diagnostics.Process.GetProcessById(daemon);
            process.Kill();
        }

        _server.Dispose();
        _folder.Delete(recursive: true);
    }

    // Its file is read once: it may be gone the moment after it was there.
    private static bool IsAlive(int id)
    {
        try
        {
            return !File.ReadAllText($"/proc/{id}/stat").Contains(") Z ", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static async Task<string> AskAsync(TestHost host)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(host.Address);
        var buffer = new byte[100];
        try
        {
            return Encoding.ASCII.GetString(buffer, 0, await socket.ReceiveAsync(buffer).WaitAsync(Eventually.Limit));
        }
        catch (SocketException)
        {
            return "";
        }
    }

    private IReadOnlyList<int> Daemons()
    {
        var file = Path.Combine(_folder.FullName, "ids");
        return File.Exists(file) ? [.. File.ReadAllLines(file).Select(static line => int.Parse(line, CultureInfo.InvariantCulture))] : [];
    }

    private async Task<TestHost> StartAsync(string script, string more = "")
    {
        var file = Path.Combine(_folder.FullName, "hook.sh");
        await File.WriteAllTextAsync(file, script);
        return await TestHost.StartAsync(
            $$"""
            { "ReverseProxy": {
                "TcpRoutes": { "r": {
                  "Listen": "127.0.0.1:0", "ClusterId": "c", "Mode": "Lock",
                  "Lock": { "OnActivate": [ { {{more}} "Exec": [ "sh", "{{file}}", "{{_folder.FullName}}/ids" ] } ] } } },
                "Clusters": { "c": { "Destinations": { "d": { "Address": "tcp://127.0.0.1:{{_server.Port}}" } } } } } }
            """
        );
    }
}

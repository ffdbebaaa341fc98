using System.Net;
using System.Net.Sockets;
using Proxy.Host.Tests.EndToEnd.Servers;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.Hosting.Systemd;

public sealed class SocketActivationTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory();
    private readonly TcpServer _server = new("hello");

    private string ConfigFile => Path.Combine(_folder.FullName, "proxy.json");

    [RealServerFact("python3")]
    public Task Restart_ClientsConnectInALoopToTheEventLoops_NoneIsRefusedOrCut() => RestartAsync("Epoll");

    [RealServerFact("python3")]
    public Task Restart_ClientsConnectInALoopToThePortableTransport_NoneIsRefusedOrCut() => RestartAsync("Sockets");

    [RealServerFact("python3")]
    public async Task Start_EveryKindOfAddress_UsedAndNotClosedForOthers()
    {
        var (any, one, admin) = (Ports.Free(), Ports.Free(), Ports.Free());
        var unix = Path.Combine(_folder.FullName, "proxy.sock");
        await WriteAsync(
            string.Join(',', Route($"*:{any}", "any"), Route($"127.0.0.1:{one}", "one"), Route($"unix:{unix}", "unix")),
            $$""", "Admin": { "Url": "http://127.0.0.1:{{admin}}" }"""
        );
        using var proxy = Start($"*:{any}", $"127.0.0.1:{one}", unix, $"127.0.0.1:{admin}");
        await proxy.PortAsync();

        foreach (
            var address in new EndPoint[]
            {
                new IPEndPoint(IPAddress.Loopback, any),
                new IPEndPoint(IPAddress.Loopback, one),
                new UnixDomainSocketEndPoint(unix),
            }
        )
        {
            using var client = await TcpClientSocket.ConnectAsync(address);
            Assert.Equal("hello", await client.ReadAsync());
        }

        using var http = new HttpClient();
        await Eventually.TrueAsync(async () =>
            (await http.GetAsync(new Uri($"http://127.0.0.1:{admin}/healthz/ready"))).IsSuccessStatusCode
        );
        Assert.DoesNotContain("no endpoint has this address", proxy.Errors, StringComparison.Ordinal);
        for (var descriptor = 3; descriptor < 7; descriptor++)
        {
            Assert.True(ClosesOnExec(proxy, descriptor), $"Descriptor {descriptor} goes on to programs that are started.");
        }

        await StopAsync(proxy);
        Assert.True(File.Exists(unix), "The process that bound the socket owns its file.");
    }

    [RealServerFact("python3")]
    public async Task Edit_EndpointRemovedAndBack_ListensOnTheSameSocketAgain()
    {
        var (port, other) = (Ports.Free(), Ports.Free());
        await WriteAsync(Route($"127.0.0.1:{port}"));
        using var proxy = Start($"127.0.0.1:{port}");
        await proxy.PortAsync();

        await WriteAsync(Route($"127.0.0.1:{other}"));
        await Eventually.TrueAsync(() => proxy.Errors.Contains($"Endpoint 127.0.0.1:{other} listens", StringComparison.Ordinal));
        await WriteAsync(Route($"127.0.0.1:{port}"));
        await Eventually.TrueAsync(() => proxy.Errors.Split($"Endpoint 127.0.0.1:{port} listens").Length == 3);

        await HelloAsync(port);
        await StopAsync(proxy);
    }

    [RealServerFact("python3")]
    public async Task Start_UnusableSockets_LoggedAndClosed()
    {
        var (port, other, udp) = (Ports.Free(), Ports.Free(), Ports.Free());
        await WriteAsync(Route($"127.0.0.1:{port}"));
        using var proxy = Start($"127.0.0.1:{port}", $"127.0.0.1:{other}", $"udp:{udp}", "not-a-socket");

        await Eventually.TrueAsync(() => proxy.Errors.Contains("no endpoint has this address", StringComparison.Ordinal));
        Assert.Contains(
            $"systemd passed a socket on 127.0.0.1:{other} (name1), but no endpoint has this address. The socket is closed;",
            proxy.Errors,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "systemd passed descriptor 5 (name2), which is not a listening stream socket",
            proxy.Errors,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "systemd passed descriptor 6 (name3), which is not a listening stream socket",
            proxy.Errors,
            StringComparison.Ordinal
        );
        await HelloAsync(port);
        await StopAsync(proxy);
    }

    [RealServerFact("python3")]
    public async Task Hook_ProxyStartedBySystemd_DoesNotInheritItsVariablesAndSockets()
    {
        var (port, inherited) = (Ports.Free(), Path.Combine(_folder.FullName, "inherited"));
        await WriteAsync(
            $$"""
            "r": { "Listen": "127.0.0.1:{{port}}", "ClusterId": "c", "Mode": "Lock", "Lock": { "OnActivate": [
                { "Exec": ["sh", "-c", "(env; ls -l /proc/self/fd) > {{inherited}}"] } ] } }
            """
        );
        using var manager = new FakeManager();
        using var proxy = new ProxyProcess(
            $"export NOTIFY_SOCKET={manager.Address} WATCHDOG_USEC=60000000; " + Supervisor.Command(_folder.FullName, $"127.0.0.1:{port}"),
            "run",
            "--config",
            ConfigFile
        );
        await manager.WaitForAsync("READY=1");

        await HelloAsync(port);

        var text = await File.ReadAllTextAsync(inherited);
        Assert.Contains("PROXY_ROUTE=r", text, StringComparison.Ordinal);
        Assert.All(
            ["LISTEN_", "NOTIFY_SOCKET", "WATCHDOG_", "socket:"],
            word => Assert.DoesNotContain(word, text, StringComparison.Ordinal)
        );
        await StopAsync(proxy);
    }

    [RealServerFact("systemd-socket-activate")]
    public async Task Start_BySystemdsOwnLauncher_ServesTheFirstClient()
    {
        var port = Ports.Free();
        await WriteAsync(Route($"127.0.0.1:{port}"));
        // systemd-socket-activate starts the program when the first client connects. The client waits until then.
        using var proxy = new ProxyProcess(
            $"command() {{ shift; exec systemd-socket-activate -l 127.0.0.1:{port} --fdname=front \"$@\"; }}; command",
            "run",
            "--config",
            ConfigFile
        );
        await Programs.ListensAsync(port);

        await HelloAsync(port);
        await proxy.SignalAsync("TERM");
        Assert.Equal(0, await proxy.ExitAsync());
    }

    public void Dispose()
    {
        _server.Dispose();
        _folder.Delete(recursive: true);
    }

    private async Task RestartAsync(string transport)
    {
        var port = Ports.Free();
        await WriteAsync(Route($"127.0.0.1:{port}"), $$""", "Transport": { "Kind": "{{transport}}" }""");
        using var proxy = Start($"127.0.0.1:{port}");
        await proxy.PortAsync();
        using var ended = new CancellationTokenSource();
        var served = 0;
        var clients = Enumerable
            .Range(0, 4)
            .Select(_ => ConnectInALoopAsync(port, () => Interlocked.Increment(ref served), ended.Token))
            .ToList();

        for (var run = 1; run <= 3; run++)
        {
            await proxy.SignalAsync("HUP");
            await Eventually.TrueAsync(() => Starts(proxy) == run + 1);
            var before = Volatile.Read(ref served);
            await Eventually.TrueAsync(() =>
                Volatile.Read(ref served) > before + 20 || clients.Exists(static client => client.IsCompleted)
            );
        }

        await ended.CancelAsync();
        var ends = await Task.WhenAll(clients);
        Assert.True(Array.TrueForAll(ends, static end => end is null), $"{string.Join(' ', ends)}\n{proxy.Errors}");
        await StopAsync(proxy);
    }

    private ProxyProcess Start(params string[] addresses) =>
        new(Supervisor.Command(_folder.FullName, addresses), "run", "--config", ConfigFile);

    private Task WriteAsync(string routes, string more = "") =>
        File.WriteAllTextAsync(ConfigFile, Json.Routes(routes, _server.Port).TrimEnd()[..^1] + more + "}");

    private static string Route(string listen, string id = "r") => $$""" "{{id}}": { "Listen": "{{listen}}", "ClusterId": "c" } """;

    /// <summary>Connects, reads the greeting and disconnects. A connection that stays open would delay the stop by its drain time of 30 s.</summary>
    private static async Task HelloAsync(int port)
    {
        using var client = await TcpClientSocket.ConnectAsync(port);
        Assert.Equal("hello", await client.ReadAsync());
    }

    private static async Task StopAsync(ProxyProcess proxy)
    {
        await proxy.SignalAsync("TERM");
        Assert.Equal(0, await proxy.ExitAsync());
    }

    private static int Starts(ProxyProcess proxy) => proxy.Output.Split("started ").Length - 1;

    private static bool ClosesOnExec(ProxyProcess proxy, int descriptor)
    {
        const int CloseOnExec = 0x80000;
        var id = proxy.Output.Split("started ")[^1].Trim().Split('\n')[0];
        var flags = File.ReadLines($"/proc/{id}/fdinfo/{descriptor}")
            .First(static line => line.StartsWith("flags:", StringComparison.Ordinal));
        return (Convert.ToInt32(flags.Split('\t')[1].Trim(), 8) & CloseOnExec) != 0;
    }

    /// <summary>Opens one connection after the other, and reads the greeting on each.</summary>
    /// <returns>The first error; null if there was none.</returns>
    private static async Task<string?> ConnectInALoopAsync(int port, Action served, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                using var client = await TcpClientSocket.ConnectAsync(port);
                if (await client.ReadAsync() is var said and not "hello")
                {
                    return $"A connection was cut before it was served: {said ?? "reset"}.";
                }

                served();
            }
            catch (SocketException exception)
            {
                return exception.Message;
            }
        }

        return null;
    }
}

using System.Diagnostics;
using System.Globalization;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.Hosting.Systemd;

public sealed class SystemdServiceTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();
    private readonly TcpServer _server = new("hello");

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Program_StartedAndStopped_NotifiesReadyThenStopping(bool isAbstract)
    {
        using var manager = new FakeManager(isAbstract);
        var port = Ports.Free();
        await WriteAsync(port);
        using var proxy = Start(manager);

        Assert.Matches(@"^READY=1\nSTATUS=Configuration [0-9a-f]+ runs, 1 addresses\.$", await manager.WaitForAsync("READY=1"));
        using var client = await TcpClientSocket.ConnectAsync(port);
        Assert.Equal("hello", await client.ReadAsync());
        Assert.DoesNotContain(manager.Received, static text => text.StartsWith("WATCHDOG", StringComparison.Ordinal));

        await proxy.SignalAsync("TERM");
        Assert.Equal("STOPPING=1\nSTATUS=Draining, 1 connections are open.", await manager.WaitForAsync("STOPPING=1"));
        Assert.Equal("EXTEND_TIMEOUT_USEC=10000000\nSTATUS=Draining, 1 connections are open.", await manager.WaitForAsync("EXTEND"));
        client.Dispose();
        Assert.Equal(0, await proxy.ExitAsync());
    }

    [Fact]
    public async Task Program_Reloaded_NotifiesReloadingAndReadyAfterTheEditIsApplied()
    {
        using var manager = new FakeManager();
        var (first, second) = (Ports.Free(), Ports.Free());
        await WriteAsync(first);
        using var proxy = Start(manager);
        await manager.WaitForAsync("READY=1");
        var count = manager.Received.Count;

        await WriteAsync(second);
        var before = Stopwatch.GetTimestamp();
        await proxy.SignalAsync("HUP");

        var lines = (await manager.WaitForAsync("RELOADING=1", count)).Split('\n');
        var microseconds = long.Parse(lines[1].Split('=')[1], CultureInfo.InvariantCulture);
        Assert.InRange(microseconds, Microseconds(before), Microseconds(Stopwatch.GetTimestamp()));
        await manager.WaitForAsync("READY=1", count);
        using var client = await TcpClientSocket.ConnectAsync(second);
        Assert.Equal("hello", await client.ReadAsync());
    }

    [Fact]
    public async Task Program_ReloadRejected_NotifiesReadyWithTheReason()
    {
        using var manager = new FakeManager();
        await WriteAsync(Ports.Free());
        using var proxy = Start(manager);
        await manager.WaitForAsync("READY=1");
        var count = manager.Received.Count;

        await File.WriteAllTextAsync(_file, "{ \"ReverseProxy\": { \"TcpRoute\": {} } }");
        await proxy.SignalAsync("HUP");

        Assert.Contains("an edit was rejected (1 errors): ", await manager.WaitForAsync("READY=1", count), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Program_Watchdog_NotifiesMoreOftenThanRequired()
    {
        using var manager = new FakeManager();
        await WriteAsync(Ports.Free());
        using var proxy = Start(manager, "export WATCHDOG_USEC=400000;");

        await Eventually.TrueAsync(() => manager.Received.Count(static text => text == "WATCHDOG=1") >= 3);
        Assert.StartsWith("READY=1", manager.Received[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Program_WatchdogOfAnotherProcess_NotifiesNothing()
    {
        using var manager = new FakeManager();
        await WriteAsync(Ports.Free());
        using var proxy = Start(manager, "export WATCHDOG_USEC=100000 WATCHDOG_PID=1;");
        await manager.WaitForAsync("READY=1");

        await proxy.SignalAsync("TERM");
        Assert.Equal(0, await proxy.ExitAsync());
        Assert.DoesNotContain("WATCHDOG=1", manager.Received);
    }

    [Fact]
    public async Task Program_NotifySocketGone_RunsAndWarns()
    {
        var manager = new FakeManager();
        manager.Dispose();
        var port = Ports.Free();
        await WriteAsync(port);
        using var proxy = Start(manager);

        await proxy.PortAsync();
        using var client = await TcpClientSocket.ConnectAsync(port);
        Assert.Equal("hello", await client.ReadAsync());
        await Eventually.TrueAsync(() =>
            proxy.Errors.Contains("The notification READY=1 could not be sent to systemd", StringComparison.Ordinal)
        );
    }

    public void Dispose()
    {
        _server.Dispose();
        File.Delete(_file);
    }

    private ProxyProcess Start(FakeManager manager, string more = "") =>
        new($"export NOTIFY_SOCKET={manager.Address}; {more}", "run", "--config", _file);

    private Task WriteAsync(int port) =>
        File.WriteAllTextAsync(
            _file,
            Json.Routes($$""" "r": { "Listen": "127.0.0.1:{{port}}", "ClusterId": "c", "DrainTimeout": "00:01:00" } """, _server.Port)
        );

    private static long Microseconds(long timestamp) => (long)Stopwatch.GetElapsedTime(0, timestamp).TotalMicroseconds;
}

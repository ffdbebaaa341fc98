using Proxy.Host.Tests.EndToEnd.Servers;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.EndToEnd.Faults;

/// <summary>Disks that are full or cannot be written.</summary>
public sealed class DiskTests : IDisposable
{
    private readonly TcpServer _server = new("hello");
    private readonly string _file = Path.GetTempFileName();

    [NetworkNamespaceFact("mount", "umount")]
    public async Task AccessLog_DiskFull_TrafficGoesOnAndNoLineIsLostOnceThereIsRoom()
    {
        const int Before = 10;
        const int Meanwhile = 100;
        await using var disk = await SmallDisk.CreateAsync();
        var log = Path.Combine(disk.Folder, "access.log");
        await WriteAsync(log);
        using var process = new ProxyProcess("", "--config", _file);
        var port = await process.PortAsync();
        await AskAsync(port, Before);
        await Eventually.TrueAsync(() => Lines(log).Length == Before);

        disk.Fill();
        await AskAsync(port, Meanwhile);
        await Eventually.TrueAsync(() =>
            process.Errors.Contains("The access log cannot be written: No space left on device", StringComparison.Ordinal)
        );
        await AskAsync(port, 1);

        disk.Empty();
        await Eventually.TrueAsync(() => Lines(log).Length == Before + Meanwhile + 1);
        Assert.All(Lines(log), static line => Assert.EndsWith("}", line, StringComparison.Ordinal));
        await Eventually.TrueAsync(() =>
            process.Errors.Contains("The access log is written again; 0 lines were lost", StringComparison.Ordinal)
        );
    }

    [NetworkNamespaceFact("mount", "umount")]
    public async Task AccessLog_StopWhileTheDiskIsFull_EndsAndSaysHowManyLinesAreLost()
    {
        const int Lost = 50;
        await using var disk = await SmallDisk.CreateAsync();
        var log = Path.Combine(disk.Folder, "access.log");
        await WriteAsync(log);
        using var process = new ProxyProcess("", "--config", _file);
        var port = await process.PortAsync();
        await AskAsync(port, 1);
        await Eventually.TrueAsync(() => Lines(log).Length == 1);
        disk.Fill();
        var room = new FileInfo(log).Length;
        await AskAsync(port, Lost);
        await Eventually.TrueAsync(() => process.Errors.Contains("The access log cannot be written", StringComparison.Ordinal));

        await process.SignalAsync("TERM");

        Assert.Equal(0, await process.ExitAsync());
        var written = File.ReadAllText(log).Count(static character => character == '\n') - 1; // a part of a line may end with a brace
        Assert.InRange(new FileInfo(log).Length - room, 0, 4096); // what was left of the last page
        Assert.Contains($"{Lost - written} lines of the access log are lost", process.Errors, StringComparison.Ordinal);
    }

    [NetworkNamespaceFact("mount", "umount")]
    public async Task AccessLog_FolderIsReadOnly_IsRefusedAtTheStartAndTriedAgainAfterAnEdit()
    {
        await using var disk = await SmallDisk.CreateAsync();
        var log = Path.Combine(disk.Folder, "access.log");
        await disk.ReadOnlyAsync(true);
        await WriteAsync(log);
        var (exit, _, errors) = await ProxyProcess.RunAsync("--config", _file);
        Assert.Equal(2, exit);
        Assert.Contains("Log:Access:Path: the file cannot be opened: Read-only file system", errors, StringComparison.Ordinal);

        await WriteAsync($"{_file}.log");
        using var process = new ProxyProcess("", "--config", _file);
        var port = await process.PortAsync();
        await WriteAsync(log);
        await Eventually.TrueAsync(async () =>
        {
            await AskAsync(port, 1);
            return process.Errors.Contains("The access log cannot be written: Read-only file system", StringComparison.Ordinal);
        });

        await disk.ReadOnlyAsync(false);
        await Eventually.TrueAsync(() => File.Exists(log) && Lines(log).Length > 0);
        File.Delete($"{_file}.log");
    }

    [NetworkNamespaceFact("mount", "umount")]
    public async Task ChannelState_DiskFull_ChannelsGoOnAndItIsWrittenOnceThereIsRoom()
    {
        await using var disk = await SmallDisk.CreateAsync();
        var state = Path.Combine(disk.Folder, "state.json");
        await using var files = await ChannelFiles.CreateAsync(state);
        disk.Fill();
        using var process = new ProxyProcess("", "--config", files.Config);
        await Eventually.TrueAsync(() => process.Errors.Contains($"{state} cannot be written", StringComparison.Ordinal));

        disk.Empty();

        await Eventually.TrueAsync(() => File.Exists(state) && File.ReadAllText(state).Contains("orders", StringComparison.Ordinal));
        await Eventually.TrueAsync(() => process.Errors.Contains($"{state} can be written again", StringComparison.Ordinal));
    }

    [NetworkNamespaceFact("mount", "umount")]
    public async Task ChannelState_FolderIsReadOnly_ChannelsRunAndItIsToldOnce()
    {
        await using var disk = await SmallDisk.CreateAsync();
        await disk.ReadOnlyAsync(true);
        var state = Path.Combine(disk.Folder, "state.json");
        await using var files = await ChannelFiles.CreateAsync(state);
        using var process = new ProxyProcess("", "--config", files.Config);
        await Eventually.TrueAsync(() => process.Errors.Contains($"{state} cannot be written", StringComparison.Ordinal));

        await process.SignalAsync("TERM");

        Assert.Equal(0, await process.ExitAsync());
        Assert.Equal(2, process.Errors.Split($"{state} cannot be written").Length);
    }

    public void Dispose()
    {
        _server.Dispose();
        File.Delete(_file);
    }

    private Task WriteAsync(string log) =>
        File.WriteAllTextAsync(
            _file,
            Json.Routes(Json.Route("r"), _server.Port).Insert(1, $$""" "Log": { "Access": { "Path": "{{log}}" } },""")
        );

    private static string[] Lines(string log) => File.ReadAllText(log).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private static async Task AskAsync(int port, int times)
    {
        for (var i = 0; i < times; i++)
        {
            using var client = await TcpClientSocket.ConnectAsync(port);
            Assert.Equal("hello", await client.ReadAsync());
            client.End();
            Assert.Equal("", await client.ReadAsync());
        }
    }
}

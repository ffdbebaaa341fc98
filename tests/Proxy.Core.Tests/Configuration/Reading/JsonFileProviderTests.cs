using Proxy.Configuration.Reading;

namespace Proxy.Core.Tests.Configuration.Reading;

/// <summary>Whatever happens to the file, the last good content stays and the next good edit is taken.</summary>
public sealed class JsonFileProviderTests : IDisposable
{
    private const long TooLarge = (64 << 20) + 1;

    private static readonly Dictionary<string, (Action<string> Spoil, string Message)> _faults = new()
    {
        ["malformed"] = (static file => File.WriteAllText(file, "{]"), "is not valid JSON: "),
        ["half-written"] = (static file => File.WriteAllText(file, """{"Demo":{"Enab"""), "is not valid JSON: "),
        ["something after it"] = (static file => File.WriteAllText(file, """{"Demo":{}}}"""), "is not valid JSON: "),
        ["too deep"] = (
            static file => File.WriteAllText(file, ConfigKey.Document(string.Join(':', Enumerable.Repeat("a", 100)), "1")),
            "is not valid JSON: "
        ),
        ["empty"] = (static file => File.WriteAllText(file, ""), "is not valid JSON: "),
        ["only comments"] = (static file => File.WriteAllText(file, "// nothing yet\n"), "is not valid JSON: "),
        ["no UTF-8"] = (static file => File.WriteAllBytes(file, [.. "{\"a\":\""u8, 0xff, .. "\"}"u8]), "is not valid JSON: "),
        ["a list"] = (static file => File.WriteAllText(file, "[]"), "the document must be one JSON object; write { … }."),
        ["a key twice"] = (static file => File.WriteAllText(file, """{"Demo":{},"demo":{}}"""), "the key occurs twice"),
        ["too large"] = (Enlarge, "cannot be read: it is larger than 64 MiB."),
        ["deleted"] = (File.Delete, "the file does not exist."),
        ["deleted with its folder"] = (static file => Directory.Delete(Path.GetDirectoryName(file)!, true), "the file does not exist."),
        ["a directory"] = (static file => Replace(file, static file => Directory.CreateDirectory(file)), "it is a directory."),
        ["a link to nothing"] = (
            static file => Replace(file, static file => File.CreateSymbolicLink(file, $"{file}.gone")),
            "the file does not exist."
        ),
        ["a device"] = (
            static file => Replace(file, static file => File.CreateSymbolicLink(file, "/dev/zero")),
            "cannot be read: it is not a regular file."
        ),
        ["a link to itself"] = (static file => Replace(file, static file => File.CreateSymbolicLink(file, file)), "cannot be read: "),
    };

    private readonly WatchedFile _watched = new();
    private FileStream? _writer;

    public static TheoryData<string> Faults => [.. _faults.Keys];

    // As the file of a bind mount that was replaced at the host: the path leads to a file without a name.
    [Fact]
    public void Load_FileHasLostItsName_IsReplacedAndKeepsItsContent()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        var path = Path.GetTempFileName();
        File.WriteAllText(path, """{ "Demo": { "Enabled": "true" } }""");
        using var held = File.OpenHandle(path);
        using var provider = new JsonFileProvider(new JsonFileSource($"/proc/self/fd/{held.DangerousGetHandle()}") { Watch = false });
        provider.Load();
        Assert.False(provider.IsReplaced);

        File.Delete(path);
        provider.Load();

        Assert.True(provider.IsReplaced);
        Assert.Null(provider.Problem);
        Assert.True(provider.TryGet("Demo:Enabled", out _));
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public void Load_FileSpoilt_LastGoodContentStaysAndTheNextEditIsTaken(string fault)
    {
        _watched.Start("first");

        Spoil(fault);
        Assert.Equal((1, "first"), (_watched.Changes, _watched.Value));

        // Nothing new is nothing to tell.
        _watched.Look();
        Assert.Equal((1, "first"), (_watched.Changes, _watched.Value));

        _watched.Write("second");
        _watched.Look();
        Assert.Equal((2, "second"), (_watched.Changes, _watched.Value));
        Assert.Null(_watched.Provider.Problem);
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public void Load_FileSpoiltAndTheOldOneBack_IsTold(string fault)
    {
        _watched.Start("first");
        Spoil(fault);

        _watched.Write("first");
        _watched.Look();

        Assert.Equal((2, "first"), (_watched.Changes, _watched.Value));
        Assert.Null(_watched.Provider.Problem);
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public void Load_FileSpoiltFromTheStart_IsAProblemUntilTheFirstGoodEdit(string fault)
    {
        _watched.Write("never read");
        _faults[fault].Spoil(_watched.File);
        _watched.Provider.Load();
        Assert.Null(_watched.Value);
        Assert.Contains(_faults[fault].Message, _watched.Provider.Problem!.Message, StringComparison.Ordinal);

        _watched.Write("first");
        _watched.Look();

        Assert.Equal((1, "first"), (_watched.Changes, _watched.Value));
        Assert.Null(_watched.Provider.Problem);
    }

    [Fact]
    public async Task Load_NamedPipe_RefusedAtOnceAndTheNextEditIsTaken()
    {
        _watched.Start("first");
        File.Delete(_watched.File);
        using (var make = System.Diagnostics.Process.Start("mkfifo", [_watched.File]))
        {
            await make.WaitForExitAsync();
        }

        // On a thread of its own: opening a pipe without a writer would hold this one for ever.
        var looking = Task.Run(_watched.Look);
        try
        {
            await looking.WaitAsync(Eventually.Limit);
        }
        catch (TimeoutException)
        {
            // A writer lets go whoever waits: the test fails instead of hanging when it disposes the provider.
            _writer = new FileStream(_watched.File, FileMode.Open, FileAccess.ReadWrite);
            throw;
        }

        Assert.Equal("cannot be read: it is not a regular file.", _watched.Provider.Problem!.Message);
        Assert.Equal("first", _watched.Value);

        _watched.Write("second");
        _watched.Look();
        Assert.Equal("second", _watched.Value);
    }

    // The caller of a load then waits until signaled edits are applied: one that a poll has read at the same time has to be among them.
    [Fact]
    public async Task Load_PollTellsTheSameChange_ReturnsOnceItIsTold()
    {
        _watched.Start("first");
        using var telling = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        using var held = _watched.Provider.GetReloadToken().RegisterChangeCallback(_ => Hold(), null); // runs before those that were first
        _watched.Write("second");
        var polling = Task.Run(_watched.Look);
        var told = 0;
        var loading = new Thread(() =>
        {
            _watched.Provider.Load();
            told = _watched.Changes;
        });
        try
        {
            await Eventually.TrueAsync(() => telling.IsSet);
            loading.Start();
            await Eventually.TrueAsync(() => !loading.IsAlive || loading.ThreadState.HasFlag(ThreadState.WaitSleepJoin));
        }
        finally
        {
            goOn.Set();
        }

        await polling;
        await Eventually.TrueAsync(() => !loading.IsAlive);
        Assert.Equal((1, "second"), (told, _watched.Value));

        void Hold()
        {
            telling.Set();
            goOn.Wait();
        }
    }

    public void Dispose()
    {
        _watched.Dispose();
        _writer?.Dispose();
    }

    private static void Enlarge(string file)
    {
        using var stream = File.OpenWrite(file);
        stream.SetLength(TooLarge);
    }

    private static void Replace(string file, Action<string> create)
    {
        File.Delete(file);
        create(file);
    }

    private void Spoil(string fault)
    {
        _faults[fault].Spoil(_watched.File);
        _watched.Look();
        Assert.Contains(_faults[fault].Message, _watched.Provider.Problem!.Message, StringComparison.Ordinal);
        Assert.Equal(_watched.File, _watched.Provider.Problem.File);
    }
}

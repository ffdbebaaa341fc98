using System.Diagnostics;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Host.Observability.AccessLogging;

namespace Proxy.Host.Tests.Observability.AccessLogging;

public sealed class RotatingFileTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory();

    private string Log => Path.Combine(_folder.FullName, "access.log");

    [Fact]
    public void Write_SizeReached_RotatesAtLineEndsAndKeepsTheNewest()
    {
        using var file = Open(maxBytes: 20, kept: 2);
        for (var i = 0; i < 10; i++)
        {
            WriteAll(file, $"line {i}\n");
        }

        // A file of 20 bytes has room for two lines of 7 bytes.
        Assert.Equal(["access.log", "access.log.1", "access.log.2"], Names());
        Assert.Equal(("line 8\nline 9\n", "line 6\nline 7\n", "line 4\nline 5\n"), (Read(""), Read(".1"), Read(".2")));
    }

    [Fact]
    public void Write_ManyLinesAtOnce_NoFileExceedsTheSizeAndNoLineIsLost()
    {
        var lines = Enumerable.Range(0, 1000).Select(static i => $"a line of some length, number {i}\n").ToList();
        using var file = Open(maxBytes: 1000, kept: 100);

        WriteAll(file, string.Concat(lines));

        var files = Enumerable.Range(1, Names().Count - 1).Reverse().Select(static i => $".{i}").Append("").ToList();
        Assert.All(files, name => Assert.InRange(Read(name).Length, 1, 1000));
        Assert.Equal(string.Concat(lines), string.Concat(files.Select(Read)));
    }

    [Fact]
    public void Write_LineLongerThanTheSize_HasAFileOfItsOwn()
    {
        using var file = Open(maxBytes: 10, kept: 5);
        WriteAll(file, "short\na line that is longer than the size\nshort\n");

        Assert.Equal(("short\n", "a line that is longer than the size\n", "short\n"), (Read(".2"), Read(".1"), Read("")));
    }

    [Fact]
    public void Write_FewerFilesKeptThanBefore_DeletesTheOthers()
    {
        foreach (var i in Enumerable.Range(1, 5))
        {
            File.WriteAllText($"{Log}.{i}", "old\n");
        }

        using var file = Open(maxBytes: 5, kept: 2);
        WriteAll(file, "one\ntwo\n");

        Assert.Equal(["access.log", "access.log.1", "access.log.2"], Names());
        Assert.Equal(("two\n", "one\n", "old\n"), (Read(""), Read(".1"), Read(".2")));
    }

    [Fact]
    public void Write_RotatedNameIsAFolder_ContinuesToGrowAndWarnsOnce()
    {
        Directory.CreateDirectory($"{Log}.1");
        File.WriteAllText($"{Log}.1/x", "");
        var warnings = new LogLines();
        using var file = new RotatingFile(Log, 10, 1, TimeProvider.System, warnings);
        file.Open();

        WriteAll(file, "line 1\nline 2\nline 3\nline 4\n");

        Assert.Equal("line 1\nline 2\nline 3\nline 4\n", Read(""));
        Assert.Contains("cannot be rotated", Assert.Single(warnings.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public void Open_RenamedAndReopened_WritesTheNextLineToANewFile()
    {
        using var file = Open(time: new ManualTime()); // otherwise it notices by itself after a second
        WriteAll(file, "before\n");
        File.Move(Log, Log + ".moved");
        WriteAll(file, "still there\n");

        file.Reopen();
        WriteAll(file, "after\n");

        Assert.Equal(("after\n", "before\nstill there\n"), (Read(""), Read(".moved")));
    }

    [Fact]
    public async Task Open_RenamedWithoutReopen_NoticesWithinASecond()
    {
        using var file = Open();
        WriteAll(file, "before\n");
        File.Move(Log, Log + ".moved");

        await Eventually.TrueAsync(() =>
        {
            WriteAll(file, "x\n");
            return File.Exists(Log);
        });
    }

    [Fact]
    public async Task Open_FolderDeleted_FailsUntilItIsBack()
    {
        using var file = Open();
        WriteAll(file, "before\n");
        _folder.Delete(recursive: true);

        file.Reopen();
        Assert.Throws<IOException>(() => file.Open());
        Assert.Throws<IOException>(() => file.Open());

        Directory.CreateDirectory(_folder.FullName);
        WriteAll(file, "after\n");
        Assert.Equal("after\n", await File.ReadAllTextAsync(Log));
    }

    [Fact]
    public void Write_TruncatedByOthers_ContinuesAtTheBeginning()
    {
        using var file = Open();
        WriteAll(file, "before\n");
        File.WriteAllText(Log, "");
        WriteAll(file, "after\n");

        Assert.Equal("after\n", Read(""));
    }

    [Fact]
    public void Write_TwoWriters_NeitherOverwritesTheOtherAndBothFollowARotation()
    {
        using var one = Open(maxBytes: 20, kept: 3);
        using var two = Open(maxBytes: 20, kept: 3);
        WriteAll(one, "one 1\n");
        WriteAll(two, "two 1\n");
        WriteAll(one, "one 2\n");
        WriteAll(two, "two 2\n");
        WriteAll(one, "one 3\n");

        Assert.Equal("one 1\ntwo 1\none 2\n", Read(".1"));
        Assert.Equal("two 2\none 3\n", Read(""));
    }

    [Fact]
    public void Write_FullDisk_FailsAndCanBeRetried()
    {
        if (!File.Exists("/dev/full"))
        {
            return;
        }

        using var file = new RotatingFile("/dev/full", 10, 1, TimeProvider.System, NullLogger.Instance);
        for (var i = 0; i < 2; i++)
        {
            file.Open();
            Assert.Contains("No space left", Assert.Throws<IOException>(() => file.Write("line\n"u8)).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Write_NamedPipe_FailsWithoutReaderAndWritesNothingWhileFull()
    {
        using (var make = Process.Start("mkfifo", [Log]))
        {
            await make.WaitForExitAsync();
        }

        using var file = new RotatingFile(Log, null, 1, TimeProvider.System, NullLogger.Instance);
        Assert.Throws<NoReaderException>(() => file.Open());

        await using (var reader = new FileStream(Log, FileMode.Open, FileAccess.ReadWrite))
        {
            Assert.True(file.Open());
            var bytes = new byte[4096];
            while (file.Write(bytes) > 0) { }

            Assert.Equal(0, file.Write("line\n"u8));
            await reader.ReadExactlyAsync(new byte[8192]);
            Assert.Equal(5, file.Write("line\n"u8));
        }

        // A process that another test is starting has a copy of the reader until it runs its program.
        await Eventually.TrueAsync(() => Record.Exception(() => file.Write("line\n"u8)) is IOException);
        Assert.Throws<NoReaderException>(() => file.Open());
    }

    [Fact]
    public void Open_NewFile_IsNotWorldReadable()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        using var file = Open();
        Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(Log) & (UnixFileMode.OtherRead | UnixFileMode.OtherWrite));
    }

    public void Dispose()
    {
        if (_folder.Exists)
        {
            _folder.Delete(recursive: true);
        }
    }

    private RotatingFile Open(int? maxBytes = null, int kept = 1, TimeProvider? time = null)
    {
        var file = new RotatingFile(Log, maxBytes, kept, time ?? TimeProvider.System, NullLogger.Instance);
        file.Open();
        return file;
    }

    private static void WriteAll(RotatingFile file, string text)
    {
        for (var rest = Encoding.UTF8.GetBytes(text).AsMemory(); rest.Length > 0; )
        {
            file.Open();
            rest = rest[file.Write(rest.Span)..];
        }
    }

    private List<string> Names() => [.. _folder.EnumerateFiles().Select(static file => file.Name).Order(StringComparer.Ordinal)];

    private string Read(string suffix) => File.ReadAllText(Log + suffix);
}

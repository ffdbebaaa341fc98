using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Host.Hosting;

namespace Proxy.Host.Tests.Hosting;

public sealed class LineFormatterTests
{
    private const string Category = "Proxy.Some.Part";

    [Fact]
    public void Write_Information_IsTimeLevelAndMessage() =>
        Assert.Matches("^2[0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\\.[0-9]{3}Z info  It works\\.\n$", Write(LogLevel.Information, "It works."));

    [Fact]
    public void Write_Warning_NamesTheCategoryAndNoEventId()
    {
        var line = Write(LogLevel.Warning, "It is slow.");

        Assert.EndsWith(" warn  It is slow. (Proxy.Some.Part)\n", line, StringComparison.Ordinal);
        Assert.DoesNotContain("500476810", line, StringComparison.Ordinal);
    }

    [Fact]
    public void Write_ForeignInformation_NamesTheCategory() =>
        Assert.EndsWith(" (Other.Part)\n", Write(LogLevel.Information, "x", category: "Other.Part"), StringComparison.Ordinal);

    [Fact]
    public void Write_ForTheJournal_BeginsWithThePriority() =>
        Assert.Equal("<4>It is slow. (Proxy.Some.Part)\n", Write(LogLevel.Warning, "It is slow.", forJournal: true));

    [Fact]
    public void Write_ControlCharacters_StaysOneLine() =>
        Assert.EndsWith(" info  a b \\u001b[31mc\n", Write(LogLevel.Information, "a\r\nb \e[31mc"), StringComparison.Ordinal);

    [Fact]
    public void Write_Exception_FollowsIndented()
    {
        var lines = Write(LogLevel.Error, "It failed.", new InvalidOperationException("first\nsecond")).Split('\n');

        Assert.EndsWith(" error It failed. (Proxy.Some.Part)", lines[0], StringComparison.Ordinal);
        Assert.Equal("    System.InvalidOperationException: first", lines[1]);
        Assert.Equal("    second", lines[2]);
    }

    private static string Write(
        LogLevel level,
        string message,
        Exception? exception = null,
        bool forJournal = false,
        string category = Category
    )
    {
        using var output = new StringWriter { NewLine = "\n" };
        var entry = new LogEntry<string>(level, category, new EventId(500476810), message, exception, static (text, _) => text);
        new LineFormatter(TimeProvider.System, TerminalColors.None, forJournal).Write(entry, null, output);
        return output.ToString().ReplaceLineEndings("\n");
    }
}

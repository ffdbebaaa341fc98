using Proxy.Host.Cli.Output;
using Proxy.Host.Hosting;

namespace Proxy.Host.Tests.Cli.Output;

public sealed class PrinterTests
{
    private static readonly Column<Item>[] _columns =
    [
        new("NAME", static item => item.Name),
        new("COUNT", static item => item.Count),
        new("MORE", static item => item.More) { IsWide = true },
    ];
    private static readonly Item[] _items = [new("first", 1, "x"), new("a\e[31m", 20, null)];

    [Fact]
    public void PrintTable_Table_AlignsAndEscapes() =>
        Assert.Equal("NAME         COUNT\nfirst        1\na\\u001b[31m  20\n", Print(OutputFormat.Table, _items));

    [Fact]
    public void PrintTable_Wide_HasMoreColumns() =>
        Assert.Equal("NAME         COUNT  MORE\nfirst        1      x\na\\u001b[31m  20\n", Print(OutputFormat.Wide, _items));

    [Fact]
    public void PrintTable_Json_HasEverythingInTheWordsOfTheApi()
    {
        using var document = System.Text.Json.JsonDocument.Parse(Print(OutputFormat.Json, _items));

        var second = document.RootElement[1];
        Assert.Equal(("a\e[31m", 20), (second.GetProperty("name").GetString(), second.GetProperty("count").GetInt32()));
        Assert.Equal(System.Text.Json.JsonValueKind.Null, second.GetProperty("more").ValueKind);
    }

    [Fact]
    public void PrintTable_Json_HasNoControlCharacters() => Assert.DoesNotContain('\e', Print(OutputFormat.Json, _items));

    [Theory]
    [InlineData(OutputFormat.Table, "None.\n")]
    [InlineData(OutputFormat.Json, "[]\n")]
    public void PrintTable_NoRows_SaysSo(object format, string expected) => Assert.Equal(expected, Print((OutputFormat)format, []));

    private static string Print(OutputFormat format, Item[] items)
    {
        using var output = new StringWriter { NewLine = "\n" };
        new Printer(output, format, TerminalColors.None).PrintTable(items, "None.", _columns);
        return output.ToString();
    }

    private sealed record Item(string Name, int Count, string? More);
}

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

    [Fact]
    public void PrintNext_Json_IsOneLineEach()
    {
        using var output = new StringWriter { NewLine = "\n" };
        var printer = new Printer(output, OutputFormat.Json, TerminalColors.None);

        printer.PrintNext(_items[0], static writer => writer.Write("text"));
        printer.PrintNext(_items[1], static writer => writer.Write("text"));

        Assert.Equal(
            ["""{"name":"first","count":1,"more":"x"}""", """{"name":"a\u001B[31m","count":20,"more":null}""", ""],
            output.ToString().Split('\n')
        );
    }

    [Fact]
    public void PrintNext_Table_IsTheText()
    {
        using var output = new StringWriter { NewLine = "\n" };

        new Printer(output, OutputFormat.Table, TerminalColors.None).PrintNext(_items, static writer => writer.WriteLine("text"));

        Assert.Equal("text\n", output.ToString());
    }

    [Fact]
    public void PrintTable_Terminal_CellsHaveTheColorsOfTheirTones()
    {
        using var output = new StringWriter { NewLine = "\n" };

        new Printer(output, OutputFormat.Table, new TerminalColors(areUsed: true)).PrintTable<Cell>(
            [new("up", Tone.Good), new("slow", Tone.Warning), new("gone", Tone.Bad), new("old", Tone.Faint), "plain"],
            "None.",
            new Column<Cell>("STATE", static cell => cell)
        );

        Assert.Equal("\e[1mSTATE\e[0m\n\e[32mup\e[0m\n\e[33mslow\e[0m\n\e[31mgone\e[0m\n\e[2mold\e[0m\nplain\n", output.ToString());
    }

    private static string Print(OutputFormat format, Item[] items)
    {
        using var output = new StringWriter { NewLine = "\n" };
        new Printer(output, format, TerminalColors.None).PrintTable(items, "None.", _columns);
        return output.ToString();
    }

    private sealed record Item(string Name, int Count, string? More);
}

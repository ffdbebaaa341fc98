using System.Text.Encodings.Web;
using System.Text.Json;
using Proxy.Host.Contracts;
using Proxy.Host.Hosting;

namespace Proxy.Host.Cli.Output;

/// <summary>Prints the result of a command, as a table for people or as JSON for programs. The JSON is that of the admin API.</summary>
/// <param name="output">The place of the result.</param>
/// <param name="format">The format that the user asked for.</param>
/// <param name="colors">The colors of the place.</param>
internal sealed class Printer(TextWriter output, OutputFormat format, TerminalColors colors)
{
    private static readonly JsonSerializerOptions _json = new(ApiJson.Options)
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, // what stands between quotes on a terminal, and control characters stay escaped
    };

    private static readonly JsonSerializerOptions _line = new(_json) { WriteIndented = false };

    /// <summary>Whether the result is for programs.</summary>
    public bool IsJson => format == OutputFormat.Json;

    /// <summary>The colors of the place; none for JSON.</summary>
    public TerminalColors Colors => IsJson ? TerminalColors.None : colors;

    /// <summary>Whether more is to be shown than usual.</summary>
    public bool IsWide => format == OutputFormat.Wide;

    /// <summary>Prints one answer.</summary>
    /// <param name="answer">The answer, for JSON.</param>
    /// <param name="text">Writes it for people.</param>
    public void Print<T>(T answer, Action<TextWriter> text)
    {
        if (IsJson)
        {
            output.WriteLine(JsonSerializer.Serialize(answer, _json));
        }
        else
        {
            text(output);
        }
    }

    /// <summary>Prints one of many answers: JSON is one line of its own, and a text is written at once, so that it appears whole.</summary>
    /// <param name="answer">The answer, for JSON.</param>
    /// <param name="text">Writes it for people.</param>
    public void PrintNext<T>(T answer, Action<TextWriter> text)
    {
        if (IsJson)
        {
            output.WriteLine(JsonSerializer.Serialize(answer, _line));
        }
        else
        {
            using var page = new StringWriter(output.FormatProvider) { NewLine = output.NewLine };
            text(page);
            output.Write(page.ToString());
        }

        output.Flush();
    }

    /// <summary>Prints a list, with a line per item.</summary>
    /// <param name="rows">The items; JSON has all of each.</param>
    /// <param name="none">What is said for people if there are none.</param>
    /// <param name="columns">The columns for people.</param>
    public void PrintTable<T>(IReadOnlyList<T> rows, string none, params Column<T>[] columns) =>
        Print(rows, writer => WriteTable(writer, rows, none, columns));

    /// <summary>Writes a table for people, as a part of something larger.</summary>
    public void WriteTable<T>(TextWriter writer, IReadOnlyList<T> rows, string none, params Column<T>[] columns)
    {
        if (rows.Count == 0)
        {
            writer.WriteLine(none);
            return;
        }

        var shown = Array.FindAll(columns, column => IsWide || !column.IsWide);
        var table = new TextTable([.. shown.Select(static column => column.Header)]);
        foreach (var row in rows)
        {
            table.Add([.. shown.Select(column => column.Cell(row))]);
        }

        table.WriteTo(writer, colors);
    }
}

using Proxy.Configuration.Reading;
using Proxy.Host.Hosting;

namespace Proxy.Host.Cli.Output;

/// <summary>Prints rows in aligned columns. Cells are escaped, because names from other sources may contain terminal control sequences.</summary>
internal sealed class TextTable(params string[] header)
{
    private const string Gap = "  ";

    private readonly List<Cell[]> _rows = [];

    public void Add(params Cell[] cells) => _rows.Add([.. cells.Select(static cell => cell with { Text = Printable.Escape(cell.Text) })]);

    public void WriteTo(TextWriter output, TerminalColors? colors = null)
    {
        colors ??= TerminalColors.None;
        var widths = header.Select((name, column) => _rows.Select(row => row[column].Text.Length).Append(name.Length).Max()).ToList();
        Write(output, [.. header.Select(static name => new Cell(name))], widths, (_, text) => colors.Heading(text));
        foreach (var row in _rows)
        {
            Write(output, row, widths, (tone, text) => tone.Color(colors, text));
        }
    }

    // The last text of a line is not padded, so that a line has no spaces at its end.
    private static void Write(TextWriter output, Cell[] cells, List<int> widths, Func<Tone, string, string> color)
    {
        var last = Array.FindLastIndex(cells, static cell => cell.Text.Length > 0);
        for (var column = 0; column <= last; column++)
        {
            output.Write(color(cells[column].Tone, cells[column].Text));
            if (column < last)
            {
                output.Write(new string(' ', widths[column] - cells[column].Text.Length) + Gap);
            }
        }

        output.WriteLine();
    }
}

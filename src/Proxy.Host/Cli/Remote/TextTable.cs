using Proxy.Configuration.Reading;

namespace Proxy.Host.Cli.Remote;

/// <summary>Prints rows in aligned columns. Cells are escaped, because names from other sources may contain terminal control sequences.</summary>
internal sealed class TextTable(params string[] header)
{
    private const string Gap = "  ";

    private readonly List<string[]> _rows = [header];

    public void Add(params string[] cells) => _rows.Add([.. cells.Select(static cell => Printable.Escape(cell))]);

    public void WriteTo(TextWriter output)
    {
        var widths = Enumerable.Range(0, header.Length).Select(column => _rows.Max(row => row[column].Length)).ToList();
        foreach (var row in _rows)
        {
            output.WriteLine(string.Join(Gap, row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd());
        }
    }
}

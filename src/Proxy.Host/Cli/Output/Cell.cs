using System.Globalization;

namespace Proxy.Host.Cli.Output;

/// <summary>A text in a table.</summary>
/// <param name="Text">The text.</param>
/// <param name="Tone">What it means.</param>
internal readonly record struct Cell(string Text, Tone Tone = Tone.Plain)
{
    public static implicit operator Cell(string? text)
    {
        return new(text ?? "");
    }

    public static implicit operator Cell(long number)
    {
        return new(number.ToString(CultureInfo.InvariantCulture));
    }
}

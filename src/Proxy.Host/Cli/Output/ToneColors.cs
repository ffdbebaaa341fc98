using Proxy.Host.Hosting;

namespace Proxy.Host.Cli.Output;

/// <summary>The color of each <see cref="Tone"/>.</summary>
internal static class ToneColors
{
    public static string Color(this Tone tone, TerminalColors colors, string text) =>
        tone switch
        {
            Tone.Good => colors.Good(text),
            Tone.Warning => colors.Warning(text),
            Tone.Bad => colors.Bad(text),
            Tone.Faint => colors.Faint(text),
            _ => text,
        };
}

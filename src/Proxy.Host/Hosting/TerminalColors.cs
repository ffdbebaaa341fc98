namespace Proxy.Host.Hosting;

/// <summary>
/// Colors of text on a terminal. Only a terminal that understands them gets them, and none does if the variable <c>NO_COLOR</c> is set
/// (no-color.org).
/// </summary>
/// <param name="areUsed">Whether text is colored.</param>
internal sealed class TerminalColors(bool areUsed)
{
    private const string Bold = "\e[1m";
    private const string Dim = "\e[2m";
    private const string Red = "\e[31m";
    private const string Green = "\e[32m";
    private const string Yellow = "\e[33m";
    private const string Reset = "\e[0m";

    /// <summary>No colors.</summary>
    public static TerminalColors None { get; } = new(areUsed: false);

    /// <summary>The colors of standard output.</summary>
    public static TerminalColors Output { get; } = new(MayUse(Console.IsOutputRedirected));

    /// <summary>The colors of standard error.</summary>
    public static TerminalColors Error { get; } = new(MayUse(Console.IsErrorRedirected));

    /// <summary>Whether text is colored.</summary>
    public bool AreUsed { get; } = areUsed;

    public string Heading(string text) => Wrap(Bold, text);

    public string Faint(string text) => Wrap(Dim, text);

    public string Good(string text) => Wrap(Green, text);

    public string Warning(string text) => Wrap(Yellow, text);

    public string Bad(string text) => Wrap(Red, text);

    /// <summary>Decides from the environment whether colors are used.</summary>
    /// <param name="isRedirected">Whether the text goes elsewhere than to a terminal.</param>
    /// <param name="noColor">The value of <c>NO_COLOR</c>; any text but an empty one switches colors off.</param>
    /// <param name="terminal">The value of <c>TERM</c>.</param>
    public static bool MayUse(bool isRedirected, string? noColor, string? terminal) =>
        !isRedirected && string.IsNullOrEmpty(noColor) && terminal != "dumb";

    private static bool MayUse(bool isRedirected) =>
        MayUse(isRedirected, Environment.GetEnvironmentVariable("NO_COLOR"), Environment.GetEnvironmentVariable("TERM"));

    private string Wrap(string color, string text) => AreUsed && text.Length > 0 ? $"{color}{text}{Reset}" : text;
}

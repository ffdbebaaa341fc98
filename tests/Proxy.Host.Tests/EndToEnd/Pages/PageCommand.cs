using System.Text.RegularExpressions;

namespace Proxy.Host.Tests.EndToEnd.Pages;

/// <param name="Text">The command, for a shell.</param>
/// <param name="Output">What the page says that it prints; empty if the page does not say.</param>
internal sealed partial record PageCommand(string Text, string Output)
{
    /// <summary>The command without the comment behind it.</summary>
    public string Command => Comment().Replace(Text, "").TrimEnd();

    /// <summary>Whether it goes on beside the following ones.</summary>
    public bool IsInBackground => Command.EndsWith('&');

    /// <summary>Whether the page says anything about what it prints. Where it does not, the command has to succeed.</summary>
    public bool IsDescribed => Output is not ("" or "…");

    /// <summary>Whether what it has printed is what the page says. Spaces count once.</summary>
    public bool Prints(string output) =>
        Regex.IsMatch(
            Spaces().Replace(output.Trim(), " "),
            $"^{Regex.Escape(Spaces().Replace(Output, " ")).Replace("…", ".*?", StringComparison.Ordinal)}$",
            RegexOptions.Singleline
        );

    [GeneratedRegex(@"\s+# .*$")]
    private static partial Regex Comment();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}

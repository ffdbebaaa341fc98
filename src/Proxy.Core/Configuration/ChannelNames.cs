using System.Text.RegularExpressions;

namespace Proxy.Configuration;

/// <summary>What groups, instances and connectors may be called: names become parts of host names, paths and certificates.</summary>
internal static partial class ChannelNames
{
    public const string Rule = "1 to 63 letters, digits, '_' and '-', with a letter or digit first and last";

    public static bool IsValid(string? name) => name is not null && Format().IsMatch(name);

    [GeneratedRegex("^[A-Za-z0-9]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?\\z", RegexOptions.CultureInvariant)]
    private static partial Regex Format();
}

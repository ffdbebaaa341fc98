using System.Text.RegularExpressions;

namespace Proxy.Configuration.Channels;

/// <summary>The allowed names of groups, instances and connectors, which become parts of host names, paths and certificates.</summary>
public static partial class ChannelNames
{
    /// <summary>The rule in words.</summary>
    public const string Rule = "1 to 63 letters, digits, '_' and '-', with a letter or digit first and last";

    /// <summary>Whether a name follows the rule.</summary>
    /// <param name="name">The name.</param>
    /// <returns>True when it does; false for null.</returns>
    public static bool IsValid(string? name) => name is not null && Format().IsMatch(name);

    [GeneratedRegex("^[A-Za-z0-9]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?\\z", RegexOptions.CultureInvariant)]
    private static partial Regex Format();
}

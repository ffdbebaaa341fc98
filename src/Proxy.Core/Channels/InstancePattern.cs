using System.IO.Enumeration;

namespace Proxy.Channels;

/// <summary>Patterns of instance ids, in which * stands for any number of characters.</summary>
internal static class InstancePattern
{
    public static bool Matches(IEnumerable<string> patterns, string id) =>
        patterns.Any(pattern => FileSystemName.MatchesSimpleExpression(pattern, id, ignoreCase: false));
}

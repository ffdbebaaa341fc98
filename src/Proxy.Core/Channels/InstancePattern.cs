using System.IO.Enumeration;

namespace Proxy.Channels;

/// <summary>Instance ids with * for any letters.</summary>
internal static class InstancePattern
{
    public static bool Matches(IEnumerable<string> patterns, string id) =>
        patterns.Any(pattern => FileSystemName.MatchesSimpleExpression(pattern, id, ignoreCase: false));
}

using System.Collections;
using Proxy.Configuration;

namespace Proxy.Host.Cli;

/// <summary>
/// Reads configuration from environment variables. Two underscores stand for the colon of a configuration path:
/// <c>ReverseProxy__TcpRoutes__redis__Listen</c>.
/// </summary>
internal static class ProxyEnvironment
{
    private const string Separator = "__";

    // A variable named only DEMO or LOG may belong to another program, so the name of a section counts only if a path follows.
    private static readonly Dictionary<string, bool> _isSection = typeof(ProxyConfig)
        .GetProperties()
        .Where(static property => property.Name != nameof(ProxyConfig.Schema))
        .ToDictionary(
            static property => property.Name,
            static property => property.PropertyType != typeof(TimeSpan),
            StringComparer.OrdinalIgnoreCase
        );

    public static IEnumerable<KeyValuePair<string, string?>> Read() =>
        from DictionaryEntry variable in Environment.GetEnvironmentVariables()
        let name = (string)variable.Key
        where IsOurs(name)
        select KeyValuePair.Create(name.Replace(Separator, ":", StringComparison.Ordinal), (string?)variable.Value);

    private static bool IsOurs(string name)
    {
        var end = name.IndexOf(Separator, StringComparison.Ordinal);
        return _isSection.TryGetValue(end < 0 ? name : name[..end], out var section) && section == (end >= 0);
    }
}

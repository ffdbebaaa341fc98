namespace Proxy.Configuration.Reading;

/// <summary>Creates dictionaries keyed by ids, which ignore case.</summary>
internal static class ById
{
    public static IReadOnlyDictionary<string, T> Empty<T>() => new Dictionary<string, T>(StringComparer.OrdinalIgnoreCase);

    public static IReadOnlyDictionary<string, T> Copy<T>(IReadOnlyDictionary<string, T> items) =>
        new Dictionary<string, T>(items, StringComparer.OrdinalIgnoreCase);
}

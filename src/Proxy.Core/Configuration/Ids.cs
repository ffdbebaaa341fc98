namespace Proxy.Configuration;

/// <summary>Ids compare in any case.</summary>
internal static class Ids
{
    public static IReadOnlyDictionary<string, T> Of<T>(IReadOnlyDictionary<string, T> items) =>
        new Dictionary<string, T>(items, StringComparer.OrdinalIgnoreCase);

    public static IReadOnlyDictionary<string, T> None<T>() => new Dictionary<string, T>(StringComparer.OrdinalIgnoreCase);
}

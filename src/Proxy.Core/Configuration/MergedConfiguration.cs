using Microsoft.Extensions.Configuration;

namespace Proxy.Configuration;

/// <summary>
/// Merges layers: objects by key, arrays whole from the highest layer that has one. <see cref="IConfiguration"/> alone would mix
/// arrays by index.
/// </summary>
internal static class MergedConfiguration
{
    public static IConfigurationRoot Merge(IConfiguration configuration)
    {
        var values = new SortedDictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        if (configuration is IConfigurationRoot root)
        {
            foreach (var provider in root.Providers)
            {
                Overlay(provider, null, values);
            }
        }
        else
        {
            foreach (var (key, value) in configuration.AsEnumerable(makePathsRelative: true))
            {
                values[key] = value;
            }
        }

        return new ConfigurationBuilder().AddInMemoryCollection(values).Build();
    }

    private static void Overlay(IConfigurationProvider provider, string? path, SortedDictionary<string, string?> values)
    {
        var keys = provider.GetChildKeys([], path).Distinct(StringComparer.OrdinalIgnoreCase).ToList();
        if (path is not null && keys.Count > 0 && keys.TrueForAll(static key => key.All(char.IsAsciiDigit)))
        {
            foreach (var below in values.Keys.Where(key => key.StartsWith(path + ":", StringComparison.OrdinalIgnoreCase)).ToList())
            {
                values.Remove(below);
            }
        }

        foreach (var key in keys)
        {
            var child = path is null ? key : $"{path}:{key}";
            if (provider.TryGet(child, out var value))
            {
                values[child] = value;
            }

            Overlay(provider, child, values);
        }
    }
}

using System.Runtime.CompilerServices;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.Memory;

namespace Proxy.Configuration.Reading;

/// <summary>
/// Reads and merges the layers of a configuration: objects by key; a list as a whole, from the highest layer that has it.
/// </summary>
internal static class ConfigTree
{
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static ConfigNode Read(
        IConfiguration configuration,
        DocumentShape shape,
        ProblemList problems,
        CancellationToken cancellationToken
    ) => Read(configuration, shape, problems, [], cancellationToken);

    /// <summary>The same; the dictionary gets the versions of the documents that hosts share, by their names.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static ConfigNode Read(
        IConfiguration configuration,
        DocumentShape shape,
        ProblemList problems,
        Dictionary<string, long> versions,
        CancellationToken cancellationToken
    )
    {
        var root = new ConfigNode("", "");
        var top = shape.IsWhole ? root : root.GetOrAdd(shape.Section);
        var type = shape.Top;
        if (configuration is not IConfigurationRoot layered)
        {
            if (configuration is ConfigurationSection known)
            {
                CopySection(known, top, cancellationToken);
            }
            else
            {
                Copy(configuration, top, cancellationToken);
            }

            // .NET's JSON reader keeps an object without keys as null, and a section that is absent not at all.
            top.IsEmptyObject = !top.HasChildren && configuration is ConfigurationSection section && section.TryGetValue(null, out _);
            return root;
        }

        foreach (var provider in Flatten(layered))
        {
            Merge(top, ReadLayer(provider, problems, versions, cancellationToken), type);
        }

        return root;
    }

    /// <summary>The providers, lowest first, including those of chained configurations.</summary>
    public static IEnumerable<IConfigurationProvider> Flatten(IConfigurationRoot root) =>
        root.Providers.SelectMany(provider =>
            provider is ChainedConfigurationProvider { Configuration: IConfigurationRoot inner } ? Flatten(inner) : [provider]
        );

    private static void Copy(IConfiguration from, ConfigNode to, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        foreach (var child in from.GetChildren())
        {
            var node = to.GetOrAdd(child.Key);
            node.Value = child.Value;
            Copy(child, node, cancellationToken);
        }
    }

    // As .NET merges layers: each key by itself, lists too. Asking the section key by key would be quadratic in the size of the configuration.
    private static void CopySection(ConfigurationSection section, ConfigNode to, CancellationToken cancellationToken)
    {
        var start = section.Path + ConfigurationPath.KeyDelimiter;
        foreach (var provider in Flatten(Root(section)))
        {
            if (All(provider) is not { } all)
            {
                CopyLayer(provider, to, section.Path, cancellationToken);
                continue;
            }

            foreach (var (path, value) in all)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (path.StartsWith(start, StringComparison.OrdinalIgnoreCase))
                {
                    At(to, path[start.Length..]).Value = value;
                }
            }
        }
    }

    private static ConfigNode ReadLayer(
        IConfigurationProvider provider,
        ProblemList problems,
        Dictionary<string, long> versions,
        CancellationToken cancellationToken
    )
    {
        var root = new ConfigNode("", "");
        var document = (provider as DocumentProvider)?.Current; // once, since an edit may come at any time
        foreach (var problem in document?.Problems ?? [])
        {
            problems.Error(problem);
        }

        foreach (var problem in document?.Warnings ?? [])
        {
            problems.Warn(problem);
        }

        if (document is { Version: > 0 })
        {
            versions[((DocumentProvider)provider).Name] = document.Version;
        }

        if ((document?.Values ?? All(provider)) is not { } all)
        {
            CopyLayer(provider, root, null, cancellationToken);
            return root;
        }

        foreach (var (path, value) in all)
        {
            cancellationToken.ThrowIfCancellationRequested();
            At(root, path).Value = value;
        }

        foreach (var path in document?.EmptyObjects ?? [])
        {
            At(root, path).IsEmptyObject = true;
        }

        return root;
    }

    // The whole content of a provider; null if it can only be asked key by key, which is quadratic in its size.
    private static IEnumerable<KeyValuePair<string, string?>>? All(IConfigurationProvider provider) =>
        provider switch
        {
            DocumentProvider document => document.Current.Values,
            MemoryConfigurationProvider memory => memory,
            ConfigurationProvider other when IsPlain(other) => Data(other),
            _ => null,
        };

    private static ConfigNode At(ConfigNode root, string path) => path.Split(':').Aggregate(root, static (node, key) => node.GetOrAdd(key));

    // Whether its content is its dictionary, as with .NET's own providers: it answers no question in another way.
    private static bool IsPlain(ConfigurationProvider provider)
    {
        Delegate find = provider.TryGet;
        Delegate list = provider.GetChildKeys;
        return find.Method.DeclaringType == typeof(ConfigurationProvider) && list.Method.DeclaringType == typeof(ConfigurationProvider);
    }

    // The property is protected, and there is no other way to list the content at once.
    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_Data")]
    private static extern IDictionary<string, string?> Data(ConfigurationProvider provider);

    // Whose section it is: it does not tell its layers.
    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_root")]
    private static extern ref IConfigurationRoot Root(ConfigurationSection section);

    private static void CopyLayer(IConfigurationProvider provider, ConfigNode node, string? path, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        foreach (var key in provider.GetChildKeys([], path).Distinct(StringComparer.OrdinalIgnoreCase))
        {
            var child = node.GetOrAdd(key);
            var inner = path is null ? key : ConfigurationPath.Combine(path, key);
            child.Value = provider.TryGet(inner, out var value) ? value : child.Value;
            CopyLayer(provider, child, inner, cancellationToken);
        }
    }

    private static void Merge(ConfigNode target, ConfigNode layer, JsonTypeInfo? type)
    {
        if (layer is { Value: not null, HasChildren: false } || ReplacesWhole(layer, type))
        {
            target.Clear();
        }

        // An empty object removes nothing from lower layers.
        target.Value = layer.HasChildren ? null : layer.Value;
        target.IsEmptyObject |= layer.IsEmptyObject;
        foreach (var child in layer.Children)
        {
            Merge(target.GetOrAdd(child.Key), child, ChildType(type, child.Key));
        }
    }

    private static JsonTypeInfo? ChildType(JsonTypeInfo? type, string key)
    {
        var property = type is { Kind: JsonTypeInfoKind.Object } ? ConfigTypes.FindProperty(type, key) : null;
        var child = property is null ? type?.ElementType : ConfigTypes.Bare(property.PropertyType);
        return child is null ? null : ConfigTypes.Options.GetTypeInfo(child);
    }

    private static bool ReplacesWhole(ConfigNode layer, JsonTypeInfo? type) =>
        type?.Kind switch
        {
            JsonTypeInfoKind.Enumerable => !layer.IsNull,
            JsonTypeInfoKind.Object or JsonTypeInfoKind.Dictionary => false,
            _ => layer.LooksLikeList && layer.HasChildren,
        };
}

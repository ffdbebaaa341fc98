using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Primitives;

namespace Proxy.Configuration.Reading;

/// <summary>Provides a merged configuration to readers that need IConfiguration.</summary>
internal sealed class NodeConfigurationProvider(ConfigNode root) : IConfigurationProvider
{
    private readonly CancellationChangeToken _never = new(CancellationToken.None);

    public bool TryGet(string key, out string? value)
    {
        var node = root.FindPath(key);
        value = node?.Value;
        return node is { HasChildren: false } || value is not null;
    }

    public void Set(string key, string? value) => throw new NotSupportedException("A revision never changes.");

    public IChangeToken GetReloadToken() => _never;

    public void Load()
    {
        // Everything has been read before.
    }

    public IEnumerable<string> GetChildKeys(IEnumerable<string> earlierKeys, string? parentPath)
    {
        var node = parentPath is null ? root : root.FindPath(parentPath);
        var keys =
            node is null ? []
            : node.LooksLikeList ? node.Items().Select(child => child.Key)
            : node.Children.Select(child => child.Key);
        return keys.Concat(earlierKeys);
    }
}

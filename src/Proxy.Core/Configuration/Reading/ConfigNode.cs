namespace Proxy.Configuration.Reading;

/// <summary>One node of the merged configuration: a value, or children by key.</summary>
internal sealed class ConfigNode(string key, string path)
{
    private static readonly Dictionary<string, ConfigNode> _none = [];

    private Dictionary<string, ConfigNode> _children = _none; // most nodes are values, and have none

    public string Key { get; } = key;

    public string Path { get; } = path;

    public string? Value { get; set; }

    public IReadOnlyCollection<ConfigNode> Children => _children.Values;

    public bool HasChildren => _children.Count > 0;

    /// <summary>Whether a file has an object without keys here, which differs from an absent one.</summary>
    public bool IsEmptyObject { get; set; }

    /// <summary>Whether the node is absent or null, which mean the default.</summary>
    public bool IsNull => Value is null && _children.Count == 0 && !IsEmptyObject;

    /// <summary>Whether the node is an empty list, which .NET's JSON readers represent by an empty text.</summary>
    public bool IsEmptyList => Value is "" && _children.Count == 0;

    /// <summary>Whether the keys are 0, 1, 2 and so on.</summary>
    public bool LooksLikeList =>
        IsEmptyList || (_children.Count > 0 && _children.Keys.All(key => key.All(char.IsAsciiDigit)) && _children.ContainsKey("0"));

    public ConfigNode? Find(string key) => _children.GetValueOrDefault(key);

    public ConfigNode GetOrAdd(string key)
    {
        if (!_children.TryGetValue(key, out var child))
        {
            child = new ConfigNode(key, Path.Length == 0 ? key : $"{Path}:{key}");
            Add(child);
        }

        return child;
    }

    /// <summary>A copy without the nodes at some paths.</summary>
    public ConfigNode Without(Predicate<string> path)
    {
        var copy = new ConfigNode(Key, Path) { Value = Value, IsEmptyObject = IsEmptyObject };
        foreach (var child in Children.Where(child => !path(child.Path)))
        {
            copy.Add(child.Without(path));
        }

        return copy;
    }

    public void Clear() => _children = _none;

    public ConfigNode? FindPath(string path)
    {
        var node = this;
        foreach (var key in path.Split(':'))
        {
            node = node?.Find(key);
        }

        return node;
    }

    private void Add(ConfigNode child)
    {
        if (_children == _none)
        {
            _children = new(StringComparer.OrdinalIgnoreCase);
        }

        _children.Add(child.Key, child);
    }

    /// <summary>The children of a list in its order.</summary>
    public IEnumerable<ConfigNode> Items() =>
        _children.Values.OrderBy(child => child.Key.Length).ThenBy(child => child.Key, StringComparer.Ordinal);
}

using System.Text.Json.Serialization.Metadata;
using Proxy.Configuration;
using Proxy.Configuration.Reading;

namespace Proxy.Core.Tests.Configuration;

/// <summary>A key of the contract, from the records the reader uses.</summary>
/// <param name="Path">Its path, with "x" for an id and "0" for an item of a list.</param>
/// <param name="Type">What stands there.</param>
/// <param name="Property">The property it is read into, where it has attributes.</param>
internal sealed record ConfigKey(string Path, JsonTypeInfo Type, JsonPropertyInfo? Property)
{
    /// <summary>Every key there is; the first is the document itself.</summary>
    public static IReadOnlyList<ConfigKey> All { get; } = [.. Below("", ConfigTypes.Options.GetTypeInfo(typeof(ProxyConfig)), null)];

    /// <summary>The names of the keys an object has.</summary>
    public IEnumerable<string> Names => Properties.Where(static part => !IsLater(part)).Select(static part => part.Name);

    /// <summary>The names of the keys an object will have.</summary>
    public IReadOnlyList<string> NotYet =>
        [.. ConfigTypes.NotYet(Type.Type), .. Properties.Where(IsLater).Select(static part => part.Name)];

    private IEnumerable<JsonPropertyInfo> Properties =>
        Type.Kind == JsonTypeInfoKind.Object ? Type.Properties.Where(static part => part.Set is not null) : [];

    public static ConfigKey At(string path) => All.Single(key => key.Path == path);

    public T? Attribute<T>()
        where T : Attribute => ConfigTypes.Attribute<T>(Property);

    public string Child(string name) => Path.Length == 0 ? name : $"{Path}:{name}";

    /// <summary>A document with nothing but one value.</summary>
    public static string Document(string path, string value) =>
        path.Split(':').Reverse().Aggregate(value, static (inner, key) => key == "0" ? $"[{inner}]" : $$"""{"{{key}}":{{inner}}}""");

    private static IEnumerable<ConfigKey> Below(string path, JsonTypeInfo type, JsonPropertyInfo? property)
    {
        var key = new ConfigKey(path, type, property);
        var parts =
            key.Attribute<FreeContentAttribute>() is not null ? []
            : type.Kind == JsonTypeInfoKind.Object
                ? key
                    .Names.Select(name => type.Properties.Single(part => part.Name == name))
                    .SelectMany(part => Below(key.Child(part.Name), TypeOf(part.PropertyType), part))
            : type.ElementType is { } element
                ? Below(
                    key.Child(type.Kind == JsonTypeInfoKind.Dictionary ? "x" : "0"),
                    TypeOf(element),
                    TypeOf(element).Kind == JsonTypeInfoKind.None ? property : null
                )
            : [];
        return parts.Prepend(key);
    }

    // The program has no code that such a key could name.
    private static bool IsLater(JsonPropertyInfo part) => ConfigTypes.Attribute<NeedsCodeAttribute>(part) is not null;

    private static JsonTypeInfo TypeOf(Type type) => ConfigTypes.Options.GetTypeInfo(ConfigTypes.Bare(type));
}

using System.Text.Json.Serialization.Metadata;
using Yarp.ReverseProxy.Configuration;

namespace Proxy.Configuration.Reading;

/// <summary>
/// A place of a document, and whether its value is hidden. The records mark secrets by <see cref="SecretAttribute"/>; in free content the
/// name of the key decides. Keys that no record knows are hidden too, since a misspelt key may contain a secret, and so are
/// values in place of an object.
/// </summary>
internal sealed class SecretPlace
{
    private static readonly string[] _names =
    [
        "password",
        "passphrase",
        "secret",
        "token",
        "apikey",
        "api-key",
        "credential",
        "authorization",
        "connectionstring",
    ];

    // The value that a YARP transform writes into a header or a query.
    private static readonly string[] _written = ["Set", "Append"];

    private readonly JsonTypeInfo? _type; // null in free or hidden content

    private SecretPlace(JsonTypeInfo? type, bool isHidden, bool isSecret = false) =>
        (_type, IsHidden, IsSecret) = (type, isHidden, isSecret);

    /// <summary>Whether a value here is hidden. Where an object is expected, a value is a mistake and may be any.</summary>
    public bool IsHidden { get; }

    /// <summary>Whether a value here is known to be a secret, by its record or by its name; others are hidden because they might be one.</summary>
    public bool IsSecret { get; }

    /// <summary>The root of documents of a type.</summary>
    public static SecretPlace Of(JsonTypeInfo type) => new(type, isHidden: type.Kind == JsonTypeInfoKind.Object);

    /// <summary>The place at a path below this one, such as <c>Admin:Token</c>.</summary>
    public SecretPlace At(string path) => path.Split(':').Aggregate(this, static (place, key) => place.Child(key));

    public SecretPlace Child(string key) =>
        _type is null
            ? (IsHidden ? this : new(null, IsSuspicious(key), IsNamed(key)))
            : _type.Kind switch
            {
                JsonTypeInfoKind.Object => Property(ConfigTypes.FindProperty(_type, key)),
                JsonTypeInfoKind.Dictionary => _type.ElementType == typeof(string)
                    ? new(null, IsSuspicious(key), IsNamed(key))
                    : Element(_type.ElementType!),
                JsonTypeInfoKind.Enumerable => Element(_type.ElementType!),
                _ when _type.Type.IsDefined(typeof(FlagsAttribute), inherit: false) => this, // a list of names
                _ => new(null, isHidden: true),
            };

    private static SecretPlace Property(JsonPropertyInfo? property) =>
        property is null || MayBeSecret(property) ? new(null, isHidden: true, property is not null && IsMarked(property))
        : ConfigTypes.Attribute<FreeContentAttribute>(property) is not null ? new(null, isHidden: false)
        : Element(property.PropertyType);

    private static SecretPlace Element(Type type) => Of(ConfigTypes.Options.GetTypeInfo(ConfigTypes.Bare(type)));

    // The values by which HTTP routes match headers and queries may be keys of clients.
    private static bool MayBeSecret(JsonPropertyInfo property) =>
        IsMarked(property)
        || (property.DeclaringType == typeof(RouteHeader) && property.Name == nameof(RouteHeader.Values))
        || (property.DeclaringType == typeof(RouteQueryParameter) && property.Name == nameof(RouteQueryParameter.Values));

    private static bool IsMarked(JsonPropertyInfo property) => ConfigTypes.Attribute<SecretAttribute>(property) is not null;

    private static bool IsSuspicious(string key) => _written.Contains(key, StringComparer.OrdinalIgnoreCase) || IsNamed(key);

    private static bool IsNamed(string key) => Array.Exists(_names, name => key.Contains(name, StringComparison.OrdinalIgnoreCase));
}

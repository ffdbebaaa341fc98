using System.Text.Json.Serialization.Metadata;
using Yarp.ReverseProxy.Configuration;

namespace Proxy.Configuration.Reading;

/// <summary>
/// A place of a document, and whether what stands there is hidden: our records say it by <see cref="SecretAttribute"/>, and where
/// content is free the name of the key does. What neither a record nor an <see cref="IContentPlace"/> knows is hidden too, since it may be a secret
/// under a misspelt key.
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

    // What a transform of YARP writes into a header or a query.
    private static readonly string[] _written = ["Set", "Append"];

    private readonly JsonTypeInfo? _type; // null where content is free, or hidden
    private readonly IContentPlace? _foreign; // null where our records describe the content

    private SecretPlace(JsonTypeInfo? type, bool isHidden) => (_type, IsHidden) = (type, isHidden);

    private SecretPlace(IContentPlace foreign) => (_foreign, IsHidden) = (foreign, !foreign.IsShown);

    public bool IsHidden { get; }

    /// <summary>The root of documents of a type.</summary>
    public static SecretPlace Of(JsonTypeInfo type) => new(type, isHidden: false);

    /// <summary>The place below this one at a path such as <c>Admin:Token</c>.</summary>
    public SecretPlace At(string path) => path.Split(':').Aggregate(this, static (place, key) => place.Child(key));

    public SecretPlace Child(string key) =>
        _foreign is not null ? new(_foreign.Child(key))
        : IsHidden ? this
        : _type is null ? new(null, IsSuspicious(key))
        : _type.Kind switch
        {
            JsonTypeInfoKind.Object => Property(ConfigTypes.FindProperty(_type, key)),
            JsonTypeInfoKind.Dictionary => _type.ElementType == typeof(string) ? new(null, IsSuspicious(key)) : Element(_type.ElementType!),
            JsonTypeInfoKind.Enumerable => Element(_type.ElementType!),
            _ => new(null, isHidden: true),
        };

    private static SecretPlace Property(JsonPropertyInfo? property) =>
        property is null || IsSecret(property) ? new(null, isHidden: true)
        : ConfigTypes.Attribute<FreeContentAttribute>(property) is { } free ? Foreign(free.Places)
        : Element(property.PropertyType);

    private static SecretPlace Foreign(IContentPlace? places) => places is null ? new(null, isHidden: false) : new(places);

    private static SecretPlace Element(Type type) => new(ConfigTypes.Options.GetTypeInfo(ConfigTypes.Bare(type)), isHidden: false);

    // Values that HTTP routes match headers and queries by may be keys that clients have.
    private static bool IsSecret(JsonPropertyInfo property) =>
        ConfigTypes.Attribute<SecretAttribute>(property) is not null
        || (property.DeclaringType == typeof(RouteHeader) && property.Name == nameof(RouteHeader.Values))
        || (property.DeclaringType == typeof(RouteQueryParameter) && property.Name == nameof(RouteQueryParameter.Values));

    private static bool IsSuspicious(string key) =>
        _written.Contains(key, StringComparer.OrdinalIgnoreCase)
        || Array.Exists(_names, name => key.Contains(name, StringComparison.OrdinalIgnoreCase));
}

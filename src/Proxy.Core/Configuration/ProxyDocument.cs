using Proxy.Configuration.Reading;

namespace Proxy.Configuration;

/// <summary>Our document: its root type, its section that applications embed, and where it has secrets.</summary>
public static class ProxyDocument
{
    /// <summary>The section that has endpoints, routes and clusters.</summary>
    internal const string Section = nameof(ProxyConfig.ReverseProxy);

    private static readonly DocumentShape _whole = new(ConfigTypes.Options.GetTypeInfo(typeof(ProxyConfig)), Section, IsWhole: true);
    private static readonly DocumentShape _section = _whole with { IsWhole = false };

    /// <summary>Where in a document secrets stand.</summary>
    internal static SecretPlace Secrets { get; } = SecretPlace.Of(_whole.Root);

    /// <summary>The whole document, or only <see cref="Section"/>.</summary>
    internal static DocumentShape Shape(bool wholeDocument) => wholeDocument ? _whole : _section;

    /// <summary>The JSON schema (draft 2020-12) of whole documents, from the types that the reader uses.</summary>
    /// <returns>The schema's text, indented.</returns>
    public static string GenerateSchema() => ConfigSchema.Generate(_whole.Root, "Proxy configuration");
}

using Proxy.Configuration.Reading;

namespace Proxy.Configuration;

/// <summary>The configuration document: its root type, the section that applications embed, and the places of secrets.</summary>
public static class ProxyDocument
{
    /// <summary>The name of the section with endpoints, routes and clusters.</summary>
    internal const string Section = nameof(ProxyConfig.ReverseProxy);

    private static readonly DocumentShape _whole = new(ConfigTypes.Options.GetTypeInfo(typeof(ProxyConfig)), Section, IsWhole: true);
    private static readonly DocumentShape _section = _whole with { IsWhole = false };

    /// <summary>The places of secrets in a document.</summary>
    internal static SecretPlace Secrets { get; } = SecretPlace.Of(_whole.Root);

    /// <summary>The shape of the whole document, or of <see cref="Section"/> only.</summary>
    internal static DocumentShape Shape(bool wholeDocument) => wholeDocument ? _whole : _section;

    /// <summary>Generates the JSON schema (draft 2020-12) of whole documents, from the types that the reader uses.</summary>
    /// <returns>The schema's text, indented.</returns>
    public static string GenerateSchema() => ConfigSchema.Generate(_whole.Root, "Proxy configuration");
}

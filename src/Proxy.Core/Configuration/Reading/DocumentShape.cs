using System.Text.Json.Serialization.Metadata;

namespace Proxy.Configuration.Reading;

/// <summary>How a document is read: the type of its root, and the one section that can be read alone.</summary>
/// <param name="Root">The type of the whole document.</param>
/// <param name="Section">The key of the section that an application can read alone, under any name.</param>
/// <param name="IsWhole">Whether the whole document is read rather than only that section.</param>
internal sealed record DocumentShape(JsonTypeInfo Root, string Section, bool IsWhole)
{
    /// <summary>The type that is read.</summary>
    public JsonTypeInfo Top =>
        IsWhole ? Root : ConfigTypes.Options.GetTypeInfo(ConfigTypes.Bare(ConfigTypes.FindProperty(Root, Section)!.PropertyType));
}

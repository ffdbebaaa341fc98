using System.Text.Json.Serialization.Metadata;

namespace Proxy.Configuration.Reading;

/// <summary>What a document is read as: the type of its root, and the one section that may stand alone.</summary>
/// <param name="Root">The type of the whole document.</param>
/// <param name="Section">The key of the section that an application may read by itself, under any name.</param>
/// <param name="IsWhole">Whether the whole document is read, not only that section.</param>
internal sealed record DocumentShape(JsonTypeInfo Root, string Section, bool IsWhole)
{
    /// <summary>The type of what is read.</summary>
    public JsonTypeInfo Top =>
        IsWhole ? Root : ConfigTypes.Options.GetTypeInfo(ConfigTypes.Bare(ConfigTypes.FindProperty(Root, Section)!.PropertyType));
}

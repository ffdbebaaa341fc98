using System.Reflection;
using System.Text.Json.Serialization.Metadata;
using System.Xml;
using System.Xml.Linq;

namespace Proxy.Configuration.Reading;

/// <summary>The summaries of the records, from the documentation file beside the assembly.</summary>
internal sealed class XmlDocumentation
{
    private readonly Dictionary<string, string> _summaries = new(StringComparer.Ordinal);

    private XmlDocumentation() { }

    public static XmlDocumentation Load()
    {
        var documentation = new XmlDocumentation();
        var path = Path.Combine(AppContext.BaseDirectory, $"{typeof(XmlDocumentation).Assembly.GetName().Name}.xml");
        try
        {
            foreach (var member in XDocument.Load(path).Descendants("member"))
            {
                var words = (member.Element("summary")?.Value ?? "").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
                documentation._summaries[member.Attribute("name")?.Value ?? ""] = string.Join(' ', words);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or XmlException)
        {
            // Without the file, the schema has no descriptions.
        }

        return documentation;
    }

    public string? SummaryOf(JsonPropertyInfo property) =>
        property.AttributeProvider is MemberInfo { DeclaringType.FullName: { } type } member
            ? _summaries.GetValueOrDefault($"P:{type}.{member.Name}")
            : null;
}

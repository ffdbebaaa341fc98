using System.Reflection;
using System.Text.Json.Serialization.Metadata;
using System.Xml;
using System.Xml.Linq;

namespace Proxy.Configuration.Reading;

/// <summary>The summaries of properties, from the documentation files beside the assemblies that declare them.</summary>
internal sealed class XmlDocumentation
{
    private readonly Dictionary<Assembly, Dictionary<string, string>> _summaries = [];

    public string? SummaryOf(JsonPropertyInfo property)
    {
        if (property.AttributeProvider is not MemberInfo { DeclaringType: { FullName: { } type } declaring } member)
        {
            return null;
        }

        if (!_summaries.TryGetValue(declaring.Assembly, out var summaries))
        {
            summaries = Load(declaring.Assembly);
            _summaries.Add(declaring.Assembly, summaries);
        }

        return summaries.GetValueOrDefault($"P:{type}.{member.Name}");
    }

    private static Dictionary<string, string> Load(Assembly assembly)
    {
        var summaries = new Dictionary<string, string>(StringComparer.Ordinal);
        var path = Path.Combine(AppContext.BaseDirectory, $"{assembly.GetName().Name}.xml");
        try
        {
            foreach (var member in XDocument.Load(path).Descendants("member"))
            {
                if (member.Element("summary") is { } summary && Text(summary) is { Length: > 0 } text)
                {
                    summaries[member.Attribute("name")?.Value ?? ""] = text;
                }
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or XmlException)
        {
            // Without the file, the schema has no descriptions.
        }

        return summaries;
    }

    private static string Text(XElement summary)
    {
        var parts = summary
            .DescendantNodes()
            .Select(static node =>
                node switch
                {
                    XText text => text.Value,
                    XElement { IsEmpty: true } reference => Name(reference),
                    _ => "",
                }
            );
        return string.Join(' ', string.Concat(parts).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
    }

    // A reference without a text of its own is its last name: "P:Namespace.Type.Name" is "Name".
    private static string Name(XElement reference)
    {
        var name = (reference.Attribute("cref") ?? reference.Attribute("langword") ?? reference.Attribute("name"))?.Value ?? "";
        return name[(name.LastIndexOfAny(['.', ':']) + 1)..];
    }
}
